//! Saying no, in each protocol's shape.

use base::AwsError;
use bytes::Bytes;
use facts::{Protocol, Service};
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use serde_json::{Map, Value};

use super::{json::content_type, xml::Xml};

/// `service` is `None` where the request did not even say which; the answer is then JSON, which SDKs read best.
pub fn refuse(service: Option<&'static Service>, request_id: &str, error: &AwsError) -> Response<Bytes> {
    let (kind, body) = match service.map(|service| service.protocol) {
        Some(Protocol::Query) => ("text/xml", query(service, request_id, error)),
        Some(Protocol::RestJson) => ("application/json", rest(service, error)),
        Some(Protocol::Json) | None => {
            let version = service.map_or("1.1", |service| service.json_version);
            let body = serde_json::json!({"__type": error.code, "message": error.message});
            (content_type(version), body.to_string().into_bytes())
        }
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    if service.is_none_or(|service| service.protocol != Protocol::Query)
        && let Ok(code) = HeaderValue::from_str(&error.code)
    {
        headers.insert("x-amzn-errortype", code);
    }
    if error.status == 503 || error.status == 429 {
        headers.insert("retry-after", HeaderValue::from_static("1"));
    }
    stamp(&mut response, request_id);
    response
}

pub fn stamp(response: &mut Response<Bytes>, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
}

fn query(service: Option<&Service>, request_id: &str, error: &AwsError) -> Vec<u8> {
    let mut xml = Xml::default();
    xml.open_with_namespace("ErrorResponse", service.map_or("", |service| service.namespace));
    xml.open("Error");
    xml.element("Type", if error.status >= 500 { "Receiver" } else { "Sender" });
    xml.element("Code", &error.code);
    xml.element("Message", &error.message);
    xml.close("Error");
    xml.element("RequestId", request_id);
    xml.close("ErrorResponse");
    xml.finish()
}

/// Lambda's errors say who is at fault in `Type`, and spell `Message` or `message` as the model does.
fn rest(service: Option<&Service>, error: &AwsError) -> Vec<u8> {
    let modelled = service
        .into_iter()
        .flat_map(|service| service.operations)
        .flat_map(|operation| operation.errors)
        .find(|shape| shape.code == error.code);
    let has =
        |name: &str| modelled.is_some_and(|shape| shape.members.iter().any(|member| member.name == name));
    let mut body = Map::new();
    if has("Type") {
        let who = if error.status >= 500 { "Service" } else { "User" };
        body.insert(String::from("Type"), Value::from(who));
    }
    let message = if has("Message") { "Message" } else { "message" };
    body.insert(message.to_owned(), Value::from(error.message.clone()));
    Value::Object(body).to_string().into_bytes()
}
