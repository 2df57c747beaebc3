//! Lambda's errors, in its words.

use base::AwsError;
use ports::invoke::InvokeError;
use store::{CommitError, StoreError};

use crate::{packages::PackageError, runtimes::MissingInterpreter};

pub fn not_implemented(operation: &str) -> AwsError {
    let message = format!("Poolhouse does not implement lambda {operation}");
    AwsError::with_status(501, "NotImplementedException", message)
}

pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("InvalidParameterValueException", message)
}

/// Something that AWS has and this server has not.
pub fn unsupported(what: &str) -> AwsError {
    invalid(format!("{what} is not supported by Poolhouse. Remove it from the request."))
}

/// A value outside its limits.
pub fn constraint(value: impl std::fmt::Display, member: &str, rule: &str) -> AwsError {
    let message = format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    );
    AwsError::client("ValidationException", message)
}

pub fn function_not_found(arn: &str) -> AwsError {
    AwsError::with_status(404, "ResourceNotFoundException", format!("Function not found: {arn}"))
}

pub fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::with_status(404, "ResourceNotFoundException", message)
}

pub fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::with_status(409, "ResourceConflictException", message)
}

pub fn stale_revision() -> AwsError {
    AwsError::with_status(
        412,
        "PreconditionFailedException",
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
         retrieve the latest Revision Id",
    )
}

/// Ours to mend: the cause goes to the log, the caller hears that it was us.
pub fn service(cause: impl std::fmt::Display) -> AwsError {
    tracing::error!(%cause, "a Lambda operation failed");
    AwsError::with_status(
        500,
        "ServiceException",
        "The service encountered an internal error. Please try again.",
    )
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
            CommitError::Conflict(_) => Self::Says(conflict(
                "The operation cannot be performed at this time. An update is in progress for resource.",
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
            Trouble::Store(StoreError::Unavailable(cause)) => {
                tracing::error!(cause, "the store is not available");
                Self::with_status(503, "ServiceException", "The service is not available. Please try again.")
            }
            Trouble::Store(cause) => service(cause),
        }
    }
}

pub fn package(error: PackageError) -> AwsError {
    match error {
        PackageError::Empty | PackageError::TooLarge => invalid(error.to_string()),
        PackageError::Unreadable(ref cause) => {
            tracing::info!(cause, "a package was refused");
            invalid(error.to_string())
        }
        PackageError::Store(cause) => Trouble::Store(cause).into(),
        other => service(other),
    }
}

pub fn interpreter(missing: &MissingInterpreter) -> AwsError {
    invalid(missing.to_string())
}

pub fn invocation(error: InvokeError) -> AwsError {
    match error {
        InvokeError::NotFound(_) => {
            AwsError::with_status(404, "ResourceNotFoundException", error.to_string())
        }
        InvokeError::Forbidden(_) => AwsError::with_status(403, "AccessDeniedException", error.to_string()),
        InvokeError::Throttled => AwsError::with_status(429, "TooManyRequestsException", "Rate Exceeded."),
        InvokeError::TooLarge(limit) => AwsError::with_status(
            413,
            "RequestTooLargeException",
            format!("Request must be smaller than {limit} bytes for the InvokeFunction operation"),
        ),
        InvokeError::NotJson(cause) => AwsError::client(
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {cause}"),
        ),
        InvokeError::Failed(cause) => service(cause),
    }
}
