//! MOCK: the request template names a status, and the integration response for that status is the answer
//! (Amazon API Gateway Developer Guide, "Set up mock integrations in API Gateway").

use bytes::Bytes;
use http::Response;

use super::mapped::MappedIntegration;
use crate::{
    payload::{context::Exchange, mapping::IntegrationAnswer},
    responses::Refusal,
};

pub fn run(exchange: &mut Exchange<'_>, mapping: &MappedIntegration) -> Result<Response<Bytes>, Refusal> {
    let request = mapping.map(exchange)?;
    let status = status_in(&request.body).ok_or_else(|| {
        Refusal::misconfigured("Unable to parse statusCode from the mock's request template")
    })?;
    exchange.integration_status = Some(status);
    exchange.integration_latency_millis = Some(0);
    let answer = IntegrationAnswer { body: request.body, ..IntegrationAnswer::default() };
    mapping.map_back(exchange, Some(&status.to_string()), &answer, request.overrides)
}

/// `{"statusCode": 200}`, and as templates really write it: `{statusCode:200}`, `{'statusCode': '200'}`.
fn status_in(text: &str) -> Option<u16> {
    let at = text.find("statusCode")? + "statusCode".len();
    let rest = text[at..].trim_start_matches(['"', '\'']).trim_start();
    let rest = rest.strip_prefix(':')?.trim_start().trim_start_matches(['"', '\'']);
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_found_however_it_is_written() {
        for text in [
            "{statusCode:200}",
            r#"{"statusCode": 200}"#,
            "{'statusCode' : '200'}",
            "{\n \"statusCode\":\"200\"\n}",
        ] {
            assert_eq!(status_in(text), Some(200), "{text}");
        }
        for text in ["", "{}", "{statusCode}", r#"{"statusCode":"x"}"#, r#"{"statusCode":99999999}"#] {
            assert_eq!(status_in(text), None, "{text}");
        }
    }
}
