//! One no, before it is put into words: which gateway response it is, what AWS calls the error in `x-amzn-ErrorType`,
//! and what it says.

use http::StatusCode;

use super::ResponseKind::{self, *};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub kind: ResponseKind,
    /// `x-amzn-ErrorType`.
    pub error_type: &'static str,
    /// `None` is written as JSON's `null`, as AWS does where an authorizer is broken.
    pub message: Option<String>,
    /// Where AWS answers with another status than the type's own.
    pub status: Option<StatusCode>,
    /// How AWS spells the body where nobody customised it; it is not the same everywhere.
    pub spelling: Spelling,
    /// `$context.error.validationErrorString`.
    pub validation_error: Option<String>,
    /// Why, for the log only.
    pub cause: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelling {
    /// `{"message":"…"}`: what the front of the gateway says.
    Tight,
    /// `{"message": "…"}`: what is said from validation on.
    Spaced,
    /// `{"Message":"…"}`: denials by a policy.
    Capital,
}

impl Refusal {
    fn new(kind: ResponseKind, error_type: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            error_type,
            message: Some(message.into()),
            status: None,
            spelling: Spelling::Tight,
            validation_error: None,
            cause: None,
        }
    }

    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    const fn spelled(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// No API or stage of that name, or an API that may not be called this way.
    pub fn no_such_stage() -> Self {
        Self::new(Default4xx, "ForbiddenException", "Forbidden").with_status(StatusCode::FORBIDDEN)
    }

    /// A path that is not one.
    pub fn bad_request() -> Self {
        Self::new(Default4xx, "BadRequestException", "Bad Request")
    }

    /// No such resource or method: AWS says it in these words.
    pub fn missing_authentication_token() -> Self {
        Self::new(
            MissingAuthenticationToken,
            "MissingAuthenticationTokenException",
            "Missing Authentication Token",
        )
    }

    pub fn unauthorized() -> Self {
        Self::new(Unauthorized, "UnauthorizedException", "Unauthorized")
    }

    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(AccessDenied, "AccessDeniedException", message).spelled(Spelling::Capital)
    }

    pub fn invalid_signature(error_type: &'static str, message: impl Into<String>) -> Self {
        Self::new(InvalidSignature, error_type, message)
    }

    pub fn expired_token() -> Self {
        Self::new(
            ExpiredToken,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        )
    }

    pub fn invalid_api_key() -> Self {
        Self::new(InvalidApiKey, "ForbiddenException", "Forbidden")
    }

    pub fn throttled() -> Self {
        Self::new(Throttled, "TooManyRequestsException", "Too Many Requests")
    }

    pub fn quota_exceeded() -> Self {
        Self::new(QuotaExceeded, "LimitExceededException", "Limit Exceeded")
    }

    /// The authorizer answered something that is no answer, or could not be asked.
    pub fn authorizer_misconfigured(cause: impl Into<String>) -> Self {
        let mut refusal = Self::new(AuthorizerConfigurationError, "AuthorizerConfigurationException", "");
        refusal.message = None;
        refusal.because(cause)
    }

    pub fn authorizer_failed(cause: impl Into<String>) -> Self {
        let mut refusal = Self::new(AuthorizerFailure, "AuthorizerFailureException", "");
        refusal.message = None;
        refusal.because(cause)
    }

    pub fn missing_parameters(names: &[&str]) -> Self {
        let names = names.join(", ");
        Self::new(
            BadRequestParameters,
            "BadRequestException",
            format!("Missing required request parameters: [{names}]"),
        )
        .spelled(Spelling::Spaced)
    }

    pub fn invalid_body(details: impl Into<String>) -> Self {
        let mut refusal = Self::new(BadRequestBody, "BadRequestException", "Invalid request body");
        refusal.validation_error = Some(details.into());
        refusal.spelled(Spelling::Spaced)
    }

    pub fn unsupported_media_type() -> Self {
        Self::new(UnsupportedMediaType, "UnsupportedMediaTypeException", "Unsupported Media Type")
            .spelled(Spelling::Spaced)
    }

    pub fn request_too_large() -> Self {
        Self::new(
            RequestTooLarge,
            "RequestEntityTooLargeException",
            format!("HTTP content length exceeded {} bytes.", crate::payload::BODY_LIMIT),
        )
    }

    /// The gateway's own configuration cannot serve this.
    pub fn misconfigured(cause: impl Into<String>) -> Self {
        Self::new(ApiConfigurationError, "InternalServerErrorException", "Internal server error")
            .spelled(Spelling::Spaced)
            .because(cause)
    }

    /// The function could not be asked at all (500), as AWS tells it from a function that failed (502).
    pub fn integration_refused(cause: impl Into<String>) -> Self {
        Self::misconfigured(cause)
    }

    /// The function failed, or answered what no response can be made of.
    pub fn bad_integration_answer(cause: impl Into<String>) -> Self {
        Self::new(Default5xx, "InternalServerErrorException", "Internal server error")
            .with_status(StatusCode::BAD_GATEWAY)
            .spelled(Spelling::Spaced)
            .because(cause)
    }

    pub fn integration_timeout() -> Self {
        Self::new(IntegrationTimeout, "InternalServerErrorException", "Endpoint request timed out")
            .spelled(Spelling::Spaced)
    }

    /// The store is away: nothing of AWS's, so it says when to come back.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        Self::new(Default5xx, "ServiceUnavailableException", "Service Unavailable")
            .with_status(StatusCode::SERVICE_UNAVAILABLE)
            .because(cause)
    }

    const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = Some(status);
        self
    }
}
