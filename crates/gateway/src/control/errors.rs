//! Errors as API Gateway's control plane words them (Amazon API Gateway API Reference, "Errors").

use base::AwsError;
use store::{CommitError, StoreError};

use crate::gateway::Config;

pub fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::client("BadRequestException", message)
}

pub fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::with_status(409, "ConflictException", message)
}

/// `Invalid Resource identifier specified`.
pub fn missing(what: &str) -> AwsError {
    AwsError::with_status(404, "NotFoundException", format!("Invalid {what} identifier specified"))
}

/// AWS puts the account in front of an API's id.
pub fn not_found(message: &str, config: &Config, id: &str) -> AwsError {
    AwsError::with_status(404, "NotFoundException", format!("{message} {}:{id}", config.account))
}

pub fn from_store(error: StoreError) -> AwsError {
    match error {
        StoreError::Unavailable(_) | StoreError::Full(_) => {
            AwsError::with_status(503, "ServiceUnavailableException", error.to_string())
        }
        StoreError::Corrupt(_) | StoreError::Invalid(_) => {
            AwsError::with_status(500, "InternalFailure", error.to_string())
        }
    }
}

pub fn from_commit(error: CommitError) -> AwsError {
    match error {
        CommitError::Conflict(_) => {
            conflict("Unable to complete operation due to concurrent modification. Please try again later.")
        }
        CommitError::Store(error) => from_store(error),
        CommitError::Unwritable(cause) => AwsError::with_status(500, "InternalFailure", cause),
    }
}

/// [`store::Store::decide`] needs to tell a conflict from all else.
pub struct Refused(pub AwsError);

impl From<CommitError> for Refused {
    fn from(error: CommitError) -> Self {
        Self(from_commit(error))
    }
}

impl From<AwsError> for Refused {
    fn from(error: AwsError) -> Self {
        Self(error)
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self(from_store(error))
    }
}
