//! The engine's outcomes as the API writes them.

use std::collections::BTreeMap;

use facts::cognito_idp::{
    AdminInitiateAuthError, AdminInitiateAuthResponse, AdminRespondToAuthChallengeError,
    AdminRespondToAuthChallengeResponse, AuthenticationResultType, GetTokensFromRefreshTokenError,
    InitiateAuthError, InitiateAuthResponse, RespondToAuthChallengeError, RespondToAuthChallengeResponse,
};

use crate::{
    flows::{SignInError, Step},
    raise::{InternalErrorException, Raise},
    tokens::Issued,
};

/// What a step becomes: the four responses have the same members.
pub struct Members {
    pub name: Option<String>,
    pub session: Option<String>,
    pub parameters: Option<BTreeMap<String, String>>,
    pub result: Option<AuthenticationResultType>,
}

impl From<Step> for Members {
    fn from(step: Step) -> Self {
        match step {
            Step::Challenge(challenge) => Self {
                name: Some(challenge.name),
                session: challenge.session,
                parameters: Some(challenge.parameters),
                result: None,
            },
            Step::Tokens(issued) => Self {
                name: None,
                session: None,
                parameters: Some(BTreeMap::new()),
                result: Some(result(issued)),
            },
            // Only the pages' door ends so.
            Step::SignedIn(_) => Self { name: None, session: None, parameters: None, result: None },
        }
    }
}

pub fn result(issued: Issued) -> AuthenticationResultType {
    AuthenticationResultType {
        access_token: Some(issued.access_token),
        expires_in: Some(issued.expires_in),
        id_token: issued.id_token,
        refresh_token: issued.refresh_token,
        token_type: Some(String::from("Bearer")),
        ..AuthenticationResultType::default()
    }
}

macro_rules! responses {
    ($($response:ident)*) => { $(
        impl From<Step> for $response {
            fn from(step: Step) -> Self {
                let Members { name, session, parameters, result } = step.into();
                Self {
                    challenge_name: name,
                    session,
                    challenge_parameters: parameters,
                    authentication_result: result,
                    ..Self::default()
                }
            }
        }
    )* };
}

responses! {
    AdminInitiateAuthResponse
    AdminRespondToAuthChallengeResponse
    InitiateAuthResponse
    RespondToAuthChallengeResponse
}

/// Which of the engine's errors an operation lists. One that it does not list cannot come up there; if it did, it would
/// be ours to mend.
macro_rules! errors {
    ($($error:ident: $($name:ident)*;)*) => { $(
        impl From<SignInError> for $error {
            fn from(error: SignInError) -> Self {
                match error {
                    $(SignInError::$name(message) => Self::$name(message),)*
                    other => {
                        tracing::error!(?other, concat!("an error that ", stringify!($error), " does not list"));
                        InternalErrorException(String::from("Something went wrong")).into()
                    }
                }
            }
        }
    )* };
}

errors! {
    InitiateAuthError:
        InvalidLambdaResponseException InvalidParameterException InvalidUserPoolConfigurationException
        NotAuthorizedException NotImplemented PasswordResetRequiredException ResourceNotFoundException
        ServiceUnavailable TooManyRequestsException UnexpectedLambdaException UserLambdaValidationException
        UserNotConfirmedException UserNotFoundException;
    AdminInitiateAuthError:
        InvalidLambdaResponseException InvalidParameterException InvalidUserPoolConfigurationException
        MFAMethodNotFoundException NotAuthorizedException NotImplemented PasswordResetRequiredException
        ResourceNotFoundException ServiceUnavailable TooManyRequestsException UnexpectedLambdaException
        UserLambdaValidationException UserNotConfirmedException UserNotFoundException;
    RespondToAuthChallengeError:
        AliasExistsException CodeMismatchException ExpiredCodeException InvalidLambdaResponseException
        InvalidParameterException InvalidPasswordException InvalidUserPoolConfigurationException
        MFAMethodNotFoundException NotAuthorizedException NotImplemented PasswordHistoryPolicyViolationException
        PasswordResetRequiredException ResourceNotFoundException ServiceUnavailable SoftwareTokenMFANotFoundException
        TooManyRequestsException UnexpectedLambdaException UserLambdaValidationException UserNotConfirmedException
        UserNotFoundException;
    AdminRespondToAuthChallengeError:
        AliasExistsException CodeMismatchException ExpiredCodeException InvalidLambdaResponseException
        InvalidParameterException InvalidPasswordException InvalidUserPoolConfigurationException
        MFAMethodNotFoundException NotAuthorizedException NotImplemented PasswordHistoryPolicyViolationException
        PasswordResetRequiredException ResourceNotFoundException ServiceUnavailable SoftwareTokenMFANotFoundException
        TooManyRequestsException UnexpectedLambdaException UserLambdaValidationException UserNotConfirmedException
        UserNotFoundException;
    GetTokensFromRefreshTokenError:
        InvalidLambdaResponseException InvalidParameterException NotAuthorizedException NotImplemented
        RefreshTokenReuseException ResourceNotFoundException ServiceUnavailable TooManyRequestsException
        UnexpectedLambdaException UserLambdaValidationException UserNotFoundException;
}

/// The engine's failure as the operation's.
pub fn refused<E: From<SignInError>>(raise: Raise<SignInError>) -> Raise<E> {
    raise.map(|error| Raise::Aws(E::from(error)))
}
