//! Reading inputs, and the errors of CloudWatch Logs in its own words.

use base::AwsError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{CommitError, StoreError};

/// Holds the input against the model.
pub fn check(operation: &str, input: &Value) -> Result<(), AwsError> {
    let Some(shape) = facts::find("logs", operation) else { return Ok(()) };
    facts::validate(shape, input)
        .map_err(|error| AwsError::with_status(error.status, error.code, error.message))
}

pub fn read<T: DeserializeOwned>(input: Value) -> Result<T, AwsError> {
    serde_json::from_value(input)
        .map_err(|cause| AwsError::client("InvalidParameterException", cause.to_string()))
}

pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterException", message)
}

pub fn no_such_group() -> AwsError {
    AwsError::client("ResourceNotFoundException", "The specified log group does not exist.")
}

pub fn no_such_stream() -> AwsError {
    AwsError::client("ResourceNotFoundException", "The specified log stream does not exist.")
}

pub fn constraint(value: &str, member: &str, rule: &str) -> AwsError {
    invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    ))
}

pub fn unavailable(cause: &StoreError) -> AwsError {
    tracing::error!(%cause, "logs could not be read or written");
    AwsError::with_status(503, "ServiceUnavailableException", "The service cannot complete the request.")
}

/// A failed read or commit, on its way to becoming an answer.
pub enum Trouble {
    Says(AwsError),
    Store(StoreError),
}

impl From<AwsError> for Trouble {
    fn from(error: AwsError) -> Self {
        Self::Says(error)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<CommitError> for Trouble {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) => Self::Says(AwsError::client(
                "OperationAbortedException",
                "A conflicting operation is currently in progress against this resource. Please try again.",
            )),
            CommitError::Store(cause) => Self::Store(cause),
            CommitError::Unwritable(cause) => Self::Store(StoreError::Invalid(cause)),
        }
    }
}

impl From<Trouble> for AwsError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Says(error) => error,
            Trouble::Store(cause) => unavailable(&cause),
        }
    }
}
