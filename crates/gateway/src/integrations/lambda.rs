//! AWS: a function called through mapping templates
//! (Amazon API Gateway Developer Guide, "Set up Lambda custom integrations in API Gateway").

use bytes::Bytes;
use http::Response;
use serde_json::Value;

use super::{Target, call, mapped::MappedIntegration};
use crate::{
    gateway::Inner,
    payload::{context::Exchange, mapping::IntegrationAnswer},
    responses::Refusal,
};

pub async fn run(
    inner: &Inner,
    exchange: &mut Exchange<'_>,
    target: &Target,
    mapping: &MappedIntegration,
    wait: bool,
) -> Result<Response<Bytes>, Refusal> {
    let mapped = mapping.map(exchange)?;
    let event = if mapped.body.trim().is_empty() { String::from("{}") } else { mapped.body };
    if serde_json::from_str::<serde::de::IgnoredAny>(&event).is_err() {
        return Err(Refusal::bad_request().because("the mapped request is not JSON"));
    }
    let invoked = call(inner, exchange, target, Bytes::from(event), wait).await?;
    let body = String::from_utf8_lossy(&invoked.payload).into_owned();
    // Only a failed function is selected by its message; a function that answers goes to the default.
    let selector = invoked.function_error.as_ref().map(|_| error_message(&body));
    let answer = IntegrationAnswer { body, ..IntegrationAnswer::default() };
    mapping.map_back(exchange, selector.as_deref(), &answer, mapped.overrides)
}

fn error_message(payload: &str) -> String {
    let value: Value = serde_json::from_str(payload).unwrap_or_default();
    value.get("errorMessage").and_then(Value::as_str).unwrap_or_default().to_owned()
}
