//! AWS JSON 1.0 and 1.1: the body is the input, the answer's body the output (Smithy, "AWS JSON 1.1 protocol").

use base::AwsError;
use bytes::Bytes;
use facts::OperationShape;
use http::{Response, header::CONTENT_TYPE};
use serde_json::Value;

use super::unwritable;

/// An empty body is an empty object, as AWS has it.
pub fn decode(body: &Bytes) -> Result<Value, AwsError> {
    let serialization = |message: &str| AwsError::client("SerializationException", message);
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    if std::str::from_utf8(body).is_err() {
        return Err(serialization("The request body is not valid UTF-8."));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(Value::Object(members)),
        Ok(_) => Err(serialization("Start of structure or map expected.")),
        Err(cause) => Err(serialization(&format!(
            "Could not parse request body into json at line {} column {}.",
            cause.line(),
            cause.column()
        ))),
    }
}

pub fn encode(operation: &OperationShape, output: &Value) -> Result<Response<Bytes>, AwsError> {
    // An operation without output answers with an empty body.
    let body = match (operation.output, output) {
        (None, _) => Vec::new(),
        (Some(_), Value::Null) => b"{}".to_vec(),
        (Some(_), output) => serde_json::to_vec(output).map_err(unwritable)?,
    };
    Response::builder()
        .status(operation.status)
        .header(CONTENT_TYPE, content_type(operation.service.json_version))
        .body(Bytes::from(body))
        .map_err(unwritable)
}

pub fn content_type(version: &str) -> &'static str {
    if version == "1.0" { "application/x-amz-json-1.0" } else { "application/x-amz-json-1.1" }
}
