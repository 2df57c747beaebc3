//! The ways an OAuth request can be refused (RFC 6749, sections 4.1.2.1, 4.2.2.1 and 5.2; RFC 6750, section 3.1).

use std::fmt;

/// The registered word and a sentence for the developer. Neither ever holds what the request brought along, so that an
/// error page or a redirect cannot carry somebody's script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OauthError {
    pub code: &'static str,
    pub description: &'static str,
}

impl OauthError {
    pub const fn new(code: &'static str, description: &'static str) -> Self {
        Self { code, description }
    }

    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new("invalid_request", description)
    }

    pub const fn invalid_client() -> Self {
        Self::new("invalid_client", "The app client is unknown or its authentication failed.")
    }

    pub const fn invalid_grant() -> Self {
        Self::new(
            "invalid_grant",
            "The grant is not valid: it was used, has expired, or was issued to somebody else.",
        )
    }

    pub const fn unauthorized_client(description: &'static str) -> Self {
        Self::new("unauthorized_client", description)
    }

    pub const fn invalid_scope() -> Self {
        Self::new("invalid_scope", "A scope was asked for that the app client does not allow.")
    }

    pub const fn unsupported_grant_type() -> Self {
        Self::new("unsupported_grant_type", "This grant type is not supported.")
    }

    pub const fn server_error() -> Self {
        Self::new("server_error", "The request could not be answered now.")
    }

    pub const fn temporarily_unavailable() -> Self {
        Self::new("temporarily_unavailable", "Too many requests now. Try again in a moment.")
    }
}

impl fmt::Display for OauthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.description)
    }
}

impl std::error::Error for OauthError {}
