//! What a sign-in may be refused with.

use crate::raise::*;

macro_rules! sign_in_errors {
    ($($name:ident)*) => {
        /// The errors of all four sign-in operations together. Each operation's own set is smaller: see `ops/sign_in`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum SignInError {
            $($name(String)),*
        }

        $(impl From<$name> for SignInError {
            fn from(exception: $name) -> Self {
                Self::$name(exception.0)
            }
        })*

        impl From<SignInError> for facts::WireError {
            fn from(error: SignInError) -> Self {
                match error {
                    $(SignInError::$name(message) => $name(message).into()),*
                }
            }
        }
    };
}

sign_in_errors! {
    AliasExistsException
    CodeMismatchException
    ExpiredCodeException
    InternalErrorException
    InvalidLambdaResponseException
    InvalidParameterException
    InvalidPasswordException
    InvalidUserPoolConfigurationException
    LimitExceededException
    MFAMethodNotFoundException
    NotAuthorizedException
    NotImplemented
    PasswordHistoryPolicyViolationException
    PasswordResetRequiredException
    RefreshTokenReuseException
    ResourceNotFoundException
    SerializationException
    ServiceUnavailable
    SoftwareTokenMFANotFoundException
    TooManyRequestsException
    UnexpectedLambdaException
    UserLambdaValidationException
    UserNotConfirmedException
    UserNotFoundException
}

impl SignInError {
    /// Wrong password, or no such user where the client hides that.
    pub fn wrong_password() -> Raise<Self> {
        not_authorized("Incorrect username or password.")
    }

    pub fn invalid_session() -> Raise<Self> {
        not_authorized("Invalid session for the user.")
    }
}
