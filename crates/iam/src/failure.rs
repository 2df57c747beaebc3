//! Why an operation of this room says no, on its way to the wire.

use base::AwsError;
use crypto::seal::SealError;
use facts::WireError;
use store::{CommitError, StoreError};

#[derive(Debug)]
pub(crate) enum Failure {
    /// In the API's words.
    Wire(WireError),
    /// Ours to mend; the cause is the operator's to know, not the caller's.
    Internal(String),
    /// The store is away for now.
    Unavailable(String),
}

/// One of the API's errors: `facts::iam::errors::NoSuchEntityException(…)`.
pub(crate) fn refused(error: impl Into<WireError>) -> Failure {
    Failure::Wire(error.into())
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Wire(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Full(_) => Self::Unavailable(error.to_string()),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<SealError> for Failure {
    fn from(error: SealError) -> Self {
        Self::Internal(format!("a secret access key: {error}"))
    }
}

impl From<Failure> for AwsError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Wire(WireError { status, code, message }) => Self { status, code, message },
            Failure::Internal(cause) => {
                tracing::error!(%cause, "iam could not serve a call");
                Self::with_status(500, "InternalFailure", "An internal error occurred.")
            }
            Failure::Unavailable(cause) => {
                tracing::warn!(%cause, "iam could not serve a call for now");
                Self::with_status(
                    503,
                    "ServiceUnavailable",
                    "The service is not available for now; try again.",
                )
            }
        }
    }
}
