//! The types of gateway response, with AWS's default status for each.

use http::StatusCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseKind {
    Default4xx,
    Default5xx,
    AccessDenied,
    ApiConfigurationError,
    AuthorizerConfigurationError,
    AuthorizerFailure,
    BadRequestBody,
    BadRequestParameters,
    ExpiredToken,
    IntegrationFailure,
    IntegrationTimeout,
    InvalidApiKey,
    InvalidSignature,
    MissingAuthenticationToken,
    QuotaExceeded,
    RequestTooLarge,
    ResourceNotFound,
    Throttled,
    Unauthorized,
    UnsupportedMediaType,
    WafFiltered,
}

use ResponseKind::*;

/// Every type, the name AWS gives it, and the status it has where nothing else is said. The two defaults have none.
const KINDS: [(ResponseKind, &str, u16); 21] = [
    (Default4xx, "DEFAULT_4XX", 400),
    (Default5xx, "DEFAULT_5XX", 500),
    (AccessDenied, "ACCESS_DENIED", 403),
    (ApiConfigurationError, "API_CONFIGURATION_ERROR", 500),
    (AuthorizerConfigurationError, "AUTHORIZER_CONFIGURATION_ERROR", 500),
    (AuthorizerFailure, "AUTHORIZER_FAILURE", 500),
    (BadRequestBody, "BAD_REQUEST_BODY", 400),
    (BadRequestParameters, "BAD_REQUEST_PARAMETERS", 400),
    (ExpiredToken, "EXPIRED_TOKEN", 403),
    (IntegrationFailure, "INTEGRATION_FAILURE", 504),
    (IntegrationTimeout, "INTEGRATION_TIMEOUT", 504),
    (InvalidApiKey, "INVALID_API_KEY", 403),
    (InvalidSignature, "INVALID_SIGNATURE", 403),
    (MissingAuthenticationToken, "MISSING_AUTHENTICATION_TOKEN", 403),
    (QuotaExceeded, "QUOTA_EXCEEDED", 429),
    (RequestTooLarge, "REQUEST_TOO_LARGE", 413),
    (ResourceNotFound, "RESOURCE_NOT_FOUND", 404),
    (Throttled, "THROTTLED", 429),
    (Unauthorized, "UNAUTHORIZED", 401),
    (UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", 415),
    (WafFiltered, "WAF_FILTERED", 403),
];

impl ResponseKind {
    pub fn from_name(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, known, _)| *known == name).map(|(kind, _, _)| *kind)
    }

    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _, _)| *kind == self).map_or("", |(_, name, _)| name)
    }

    pub fn default_status(self) -> StatusCode {
        let status = KINDS.iter().find(|(kind, _, _)| *kind == self).map_or(500, |(_, _, status)| *status);
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_its_row() {
        for (kind, name, status) in KINDS {
            assert_eq!(ResponseKind::from_name(name), Some(kind));
            assert_eq!((kind.name(), kind.default_status().as_u16()), (name, status));
        }
        assert_eq!(ResponseKind::from_name("DEFAULT_3XX"), None);
    }
}
