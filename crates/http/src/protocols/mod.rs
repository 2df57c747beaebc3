//! AWS's wire protocols, each to and from the JSON that the rooms speak.
//!
//! A protocol does three things: reads a request into the members of an operation's input ([`decode`]), writes the
//! members of its output ([`encode`]), and says no in its own shape ([`refuse`]). All are driven by the tables of `facts`;
//! nothing here knows what an operation means.

mod json;
mod query;
mod refusal;
mod rest_json;
mod rest_routes;
mod text;
mod xml;

use base::AwsError;
use bytes::Bytes;
use facts::{OperationShape, Protocol};
use http::{Response, request};
use serde_json::Value;

pub use query::Form;
pub use refusal::refuse;
pub use rest_routes::find as find_rest;
pub use xml::Xml;

/// The members of the operation's input.
pub fn decode(operation: &OperationShape, parts: &request::Parts, body: &Bytes) -> Result<Value, AwsError> {
    match operation.service.protocol {
        Protocol::Json => json::decode(body),
        Protocol::Query => query::decode(operation, &Form::read(parts, body)?),
        Protocol::RestJson => rest_json::decode(operation, parts, body),
    }
}

/// The answer that carries the operation's output.
pub fn encode(
    operation: &OperationShape,
    request_id: &str,
    output: &Value,
) -> Result<Response<Bytes>, AwsError> {
    let mut response = match operation.service.protocol {
        Protocol::Json => json::encode(operation, output),
        Protocol::Query => query::encode(operation, request_id, output),
        Protocol::RestJson => rest_json::encode(operation, output),
    }?;
    refusal::stamp(&mut response, request_id);
    Ok(response)
}

/// What a room gave back cannot be put on the wire: ours to mend.
fn unwritable(cause: impl std::fmt::Display) -> AwsError {
    AwsError::with_status(500, "InternalFailure", format!("the answer could not be written: {cause}"))
}
