//! What a function behind AWS_PROXY may answer, and the response it becomes
//! (Amazon API Gateway Developer Guide, "Output format of a Lambda function for proxy integration").

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;

use super::{bodies::BinaryMediaTypes, headers::append_outgoing};

/// A member that is none of these makes the answer malformed, as on AWS.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Answer {
    status_code: Option<Value>,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// The response that `payload` asks for, or why it asks for none.
pub fn read(
    payload: &[u8],
    types: &BinaryMediaTypes,
    accept: Option<&str>,
) -> Result<Response<Bytes>, String> {
    // A list would be read as the members in their order; AWS takes objects only.
    if payload.trim_ascii_start().first() != Some(&b'{') {
        return Err(String::from("malformed Lambda proxy response: not an object"));
    }
    let answer: Answer = serde_json::from_slice(payload)
        .map_err(|cause| format!("malformed Lambda proxy response: {cause}"))?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status(answer.status_code.as_ref())?;
    write_headers(response.headers_mut(), answer.headers, answer.multi_value_headers)?;

    let encoded = answer.is_base64_encoded.unwrap_or(false);
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let body = answer.body.unwrap_or_default();
    let body = if encoded && types.takes_answer(accept, content_type) {
        let bytes =
            STANDARD.decode(body.trim()).map_err(|cause| format!("the body is not base64: {cause}"))?;
        Bytes::from(bytes)
    } else {
        Bytes::from(body)
    };
    *response.body_mut() = body;
    response.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
    Ok(response)
}

/// A number, or text that holds one; none is 200.
fn status(value: Option<&Value>) -> Result<StatusCode, String> {
    let number = match value {
        None | Some(Value::Null) => return Ok(StatusCode::OK),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    let status = number.and_then(|number| u16::try_from(number).ok());
    let status = status
        .filter(|status| (200..600).contains(status))
        .and_then(|status| StatusCode::from_u16(status).ok());
    status.ok_or_else(|| String::from("malformed Lambda proxy response: statusCode is not an HTTP status"))
}

/// Where a name stands in both maps, the lists win.
fn write_headers(
    headers: &mut HeaderMap,
    single: Option<BTreeMap<String, Value>>,
    lists: Option<BTreeMap<String, Vec<Value>>>,
) -> Result<(), String> {
    let lists = lists.unwrap_or_default();
    for (name, value) in single.unwrap_or_default() {
        if !lists.keys().any(|listed| listed.eq_ignore_ascii_case(&name)) {
            write_header(headers, &name, &value)?;
        }
    }
    for (name, values) in lists {
        for value in values {
            write_header(headers, &name, &value)?;
        }
    }
    Ok(())
}

/// A name or value that HTTP cannot carry is an answer that cannot be sent: a line break in a value would be a header
/// that nobody meant.
fn write_header(headers: &mut HeaderMap, name: &str, value: &Value) -> Result<(), String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null => String::new(),
        Value::Array(_) | Value::Object(_) => {
            return Err(format!("header {name} is neither text nor a number"));
        }
    };
    let wire_name = HeaderName::try_from(name).map_err(|_| format!("'{name}' is not a header's name"))?;
    let wire_value = HeaderValue::try_from(text)
        .map_err(|_| format!("header {name} has a value that HTTP cannot carry"))?;
    append_outgoing(headers, &wire_name, wire_value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str) -> Result<Response<Bytes>, String> {
        read(json.as_bytes(), &BinaryMediaTypes::default(), None)
    }

    #[test]
    fn a_whole_answer() {
        let response = answer(
            r#"{"statusCode":"201","headers":{"X-A":1,"Content-Type":"text/plain","Set-Cookie":"lost"},
                "multiValueHeaders":{"set-cookie":["a=1","b=2"]},"body":"hi"}"#,
        )
        .unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["x-a"], "1");
        assert_eq!(response.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(response.body(), "hi");
    }

    #[test]
    fn what_is_left_out_has_a_default() {
        let response = answer("{}").unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()[CONTENT_TYPE]),
            (200, &HeaderValue::from_static("application/json"))
        );
        assert_eq!(answer(r#"{"statusCode":204,"body":null}"#).unwrap().status(), 204);
    }

    #[test]
    fn malformed_answers_are_refused() {
        for json in [
            "null",
            "\"hello\"",
            "[]",
            r#"{"message":"hello"}"#,
            r#"{"statusCode":200,"body":{"a":1}}"#,
            r#"{"statusCode":"x"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":200,"headers":{"a":{}}}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":"b\r\nset-cookie: x=1"}}"#,
            r#"{"statusCode":200,"multiValueHeaders":{"a":"b"}}"#,
        ] {
            assert!(answer(json).is_err(), "{json}");
        }
    }

    #[test]
    fn bytes_go_out_where_the_client_takes_them() {
        let types = BinaryMediaTypes::new(&[String::from("image/png")]);
        let json = br#"{"statusCode":200,"headers":{"content-type":"image/png"},"body":"aGk=","isBase64Encoded":true}"#;
        assert_eq!(read(json, &types, Some("image/png")).unwrap().body(), "hi");
        assert_eq!(read(json, &types, Some("text/html")).unwrap().body(), "aGk=");
        let broken = br#"{"body":"***","isBase64Encoded":true}"#;
        assert!(read(broken, &BinaryMediaTypes::new(&[String::from("*/*")]), None).is_err());
    }
}
