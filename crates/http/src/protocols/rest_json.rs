//! REST-JSON: path, query, headers and body together are the input (Smithy, "AWS restJson1 protocol").

use base::AwsError;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use facts::{
    OperationShape,
    shape::{Kind, Location, Member},
};
use http::{HeaderName, HeaderValue, Response, StatusCode, header::CONTENT_TYPE, request};
use serde_json::{Map, Value};

use super::{json, rest_routes, text, unwritable};

pub fn decode(operation: &OperationShape, parts: &request::Parts, body: &Bytes) -> Result<Value, AwsError> {
    let Some(shape) = operation.input else { return Ok(Value::Object(Map::new())) };
    let labels = rest_routes::labels(operation.uri, parts.uri.path())
        .ok_or_else(|| invalid("the path does not fit the operation"))?;
    let query: Vec<(String, String)> =
        form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let mut input = Map::new();
    let payload = match shape.kind {
        Kind::Structure { payload, .. } => payload,
        _ => None,
    };
    match payload.and_then(|name| shape.member(name)) {
        Some(member) => {
            if let Some(value) = payload_value(member, body)? {
                input.insert(member.name.to_owned(), value);
            }
        }
        None => {
            if let Value::Object(sent) = json::decode(body)? {
                let in_body =
                    |name: &str| shape.member(name).is_some_and(|member| member.location == Location::Body);
                input.extend(sent.into_iter().filter(|(name, _)| in_body(name)));
            }
        }
    }
    for member in shape.members() {
        let value = match member.location {
            Location::Uri(name) => labels
                .iter()
                .find(|(label, _)| *label == name)
                .map(|(_, value)| scalar(member, value))
                .transpose()?,
            Location::Query(name) => from_query(member, name, &query)?,
            Location::Header(name) => match parts.headers.get(name) {
                Some(value) => {
                    let value =
                        value.to_str().map_err(|_| invalid(format!("the header {name} is not ASCII")))?;
                    Some(scalar(member, value)?)
                }
                None => None,
            },
            Location::Headers(prefix) => Some(from_headers(prefix, parts)),
            Location::Body | Location::Status(_) => None,
        };
        if let Some(value) = value {
            input.insert(member.name.to_owned(), value);
        }
    }
    Ok(Value::Object(input))
}

fn payload_value(member: &Member, body: &Bytes) -> Result<Option<Value>, AwsError> {
    match member.shape.kind {
        _ if body.is_empty() => Ok(None),
        Kind::Blob { .. } => Ok(Some(Value::String(STANDARD.encode(body)))),
        Kind::String { .. } => match std::str::from_utf8(body) {
            Ok(text) => Ok(Some(Value::String(text.to_owned()))),
            Err(_) => Err(invalid("the request body is not valid UTF-8")),
        },
        _ => json::decode(body).map(Some),
    }
}

fn from_query(member: &Member, name: &str, query: &[(String, String)]) -> Result<Option<Value>, AwsError> {
    let mut values = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
    if let Kind::List { member: of, .. } = member.shape.kind {
        let items: Vec<Value> = values
            .map(|value| text::read(of, value).map_err(|wanted| invalid(format!("{name} must be {wanted}"))))
            .collect::<Result<_, _>>()?;
        return Ok((!items.is_empty()).then_some(Value::Array(items)));
    }
    values.next().map(|value| scalar(member, value)).transpose()
}

fn from_headers(prefix: &str, parts: &request::Parts) -> Value {
    let prefix = prefix.to_ascii_lowercase();
    let entries = parts.headers.iter().filter_map(|(name, value)| {
        let name = name.as_str().strip_prefix(&prefix)?;
        Some((name.to_owned(), Value::String(value.to_str().ok()?.to_owned())))
    });
    Value::Object(entries.collect())
}

fn scalar(member: &Member, value: &str) -> Result<Value, AwsError> {
    text::read(member.shape, value).map_err(|wanted| invalid(format!("{} must be {wanted}", member.name)))
}

fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("SerializationException", message)
}

pub fn encode(operation: &OperationShape, output: &Value) -> Result<Response<Bytes>, AwsError> {
    let mut response = Response::new(Bytes::new());
    let mut status = operation.status;
    if let Some(shape) = operation.output {
        let payload = match shape.kind {
            Kind::Structure { payload, .. } => payload,
            _ => None,
        };
        let mut body = Map::new();
        for member in shape.members() {
            let Some(value) = output.get(member.name).filter(|value| !value.is_null()) else { continue };
            match member.location {
                Location::Header(name) => {
                    if let Some(text) = text::write(member.shape, value) {
                        response.headers_mut().insert(
                            HeaderName::from_bytes(name.as_bytes()).map_err(unwritable)?,
                            HeaderValue::from_str(&text).map_err(unwritable)?,
                        );
                    }
                }
                Location::Status(_) => {
                    status = value.as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(status);
                }
                _ if payload == Some(member.name) => {
                    *response.body_mut() = match (&member.shape.kind, value) {
                        (Kind::Blob { .. }, Value::String(base64)) => {
                            STANDARD.decode(base64).map_err(unwritable)?.into()
                        }
                        (_, value) => serde_json::to_vec(value).map_err(unwritable)?.into(),
                    };
                }
                _ => drop(body.insert(member.name.to_owned(), value.clone())),
            }
        }
        if payload.is_none() {
            *response.body_mut() = serde_json::to_vec(&body).map_err(unwritable)?.into();
        }
    }
    *response.status_mut() = StatusCode::from_u16(status).map_err(unwritable)?;
    if status == 204 {
        *response.body_mut() = Bytes::new();
    } else {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(response)
}
