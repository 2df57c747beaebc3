//! How an operation says no.
//!
//! Each exception of the API is a small type in `facts::cognito_idp::errors`, and turns into the error of every operation
//! that lists it. Shared code answers with these; where it is called from an operation that does not list one of them,
//! it does not compile.

use base::AwsError;
use crypto::{jwk::KeyError, seal::SealError, workers::Busy};
pub use facts::cognito_idp::errors::*;
use store::{CommitError, StoreError};

/// An operation's failure: one of its own errors, or something that no operation decides.
#[derive(Debug)]
pub enum Raise<E> {
    Aws(E),
    /// Every worker is busy and their queue is full.
    Busy,
    /// The store is away or full: worth trying again.
    Unavailable(String),
    /// Ours to mend; the cause is for the log alone.
    Internal(String),
}

impl<E: Into<facts::WireError>> Raise<E> {
    pub fn into_aws(self) -> AwsError {
        let error: facts::WireError = match self {
            Self::Aws(error) => error.into(),
            Self::Busy => TooManyRequestsException(String::from("Rate exceeded")).into(),
            Self::Unavailable(cause) => {
                tracing::error!(%cause, "the store did not answer");
                ServiceUnavailable(String::from("Service is temporarily unavailable.")).into()
            }
            Self::Internal(cause) => {
                tracing::error!(%cause, "an operation failed");
                InternalErrorException(String::from("Something went wrong")).into()
            }
        };
        AwsError::with_status(error.status, error.code, error.message)
    }
}

impl<E> Raise<E> {
    /// Puts the operation's own errors in other words, keeping the rest.
    pub fn map<F>(self, map: impl FnOnce(E) -> Raise<F>) -> Raise<F> {
        match self {
            Self::Aws(error) => map(error),
            Self::Busy => Raise::Busy,
            Self::Unavailable(cause) => Raise::Unavailable(cause),
            Self::Internal(cause) => Raise::Internal(cause),
        }
    }
}

/// `InvalidParameterException`, which every operation may raise.
pub fn invalid<E: From<InvalidParameterException>>(message: impl Into<String>) -> Raise<E> {
    Raise::Aws(E::from(InvalidParameterException(message.into())))
}

/// `NotAuthorizedException`.
pub fn not_authorized<E: From<NotAuthorizedException>>(message: impl Into<String>) -> Raise<E> {
    Raise::Aws(E::from(NotAuthorizedException(message.into())))
}

impl<E> From<Busy> for Raise<E> {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

impl<E> From<StoreError> for Raise<E> {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Full(_) => Self::Unavailable(error.to_string()),
            StoreError::Corrupt(_) | StoreError::Invalid(_) => Self::Internal(error.to_string()),
        }
    }
}

impl<E> From<CommitError> for Raise<E> {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Store(error) => error.into(),
            // Everybody wants the same row: worth trying again.
            CommitError::Conflict(_) => Self::Busy,
            CommitError::Unwritable(cause) => Self::Internal(cause),
        }
    }
}

impl<E> From<SealError> for Raise<E> {
    fn from(error: SealError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl<E> From<KeyError> for Raise<E> {
    fn from(error: KeyError) -> Self {
        Self::Internal(error.to_string())
    }
}

macro_rules! raised {
    ($($name:ident)*) => { $(
        impl<E: From<$name>> From<$name> for Raise<E> {
            fn from(exception: $name) -> Self {
                Self::Aws(E::from(exception))
            }
        }
    )* };
}

raised! {
    AliasExistsException
    CodeDeliveryFailureException
    CodeMismatchException
    ConcurrentModificationException
    DuplicateProviderException
    EnableSoftwareTokenMFAException
    ExpiredCodeException
    ForbiddenException
    GroupExistsException
    InternalErrorException
    InvalidLambdaResponseException
    InvalidOAuthFlowException
    InvalidParameterException
    InvalidPasswordException
    InvalidUserPoolConfigurationException
    LimitExceededException
    MFAMethodNotFoundException
    NotAuthorizedException
    NotImplemented
    OperationNotEnabledException
    PasswordHistoryPolicyViolationException
    PasswordResetRequiredException
    PreconditionNotMetException
    RefreshTokenReuseException
    ResourceNotFoundException
    ScopeDoesNotExistException
    SoftwareTokenMFANotFoundException
    TooManyFailedAttemptsException
    TooManyRequestsException
    UnauthorizedException
    UnexpectedLambdaException
    UnsupportedOperationException
    UnsupportedTokenTypeException
    UnsupportedUserStateException
    UserImportInProgressException
    UserLambdaValidationException
    UserNotConfirmedException
    UserNotFoundException
    UsernameExistsException
    UserPoolTaggingException
}
