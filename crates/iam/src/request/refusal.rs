//! Why a signature is not accepted, in the words of the service that was asked.

use base::{AwsError, Timestamp};
use crypto::sigv4::{self, format_amz_date};

use crate::failure::Failure;

/// How a service words its errors: the protocol it speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `cognito-idp`, `logs`: 400.
    Json,
    /// `lambda`, `execute-api`: 403.
    RestJson,
    /// `sts`, `iam`, `cloudformation`.
    Query,
    S3,
}

impl Dialect {
    pub(crate) fn of(service: &str) -> Self {
        match service {
            "s3" => Self::S3,
            "lambda" | "execute-api" | "apigateway" => Self::RestJson,
            "sts" | "iam" | "cloudformation" | "monitoring" | "sns" => Self::Query,
            _ => Self::Json,
        }
    }

    const fn pick<T>(self, json: T, rest_json: T, query: T, s3: T) -> T
    where
        T: Copy,
    {
        match self {
            Self::Json => json,
            Self::RestJson => rest_json,
            Self::Query => query,
            Self::S3 => s3,
        }
    }

    /// `AccessDenied`, with a message.
    pub(crate) fn access_denied(self, message: String) -> AwsError {
        let code =
            self.pick("AccessDeniedException", "AccessDeniedException", "AccessDenied", "AccessDenied");
        AwsError::with_status(self.pick(400, 403, 403, 403), code, message)
    }
}

#[derive(Debug)]
pub(crate) enum Refusal {
    /// The signature could not be taken apart.
    Presented(sigv4::Refusal),
    /// Signed for another region or service.
    Scope {
        expected: &'static str,
        value: String,
    },
    UnknownKey,
    /// A session token that is not one, or not this key's; or none where the key needs one.
    BadToken,
    SessionOver,
    Mismatch,
    /// Signed too long ago, or for a URL, used too late: date of signature, now, and the seconds allowed.
    TooLate {
        signed: Timestamp,
        now: Timestamp,
        allowed: i64,
        presigned: bool,
    },
    TooEarly {
        signed: Timestamp,
        now: Timestamp,
        allowed: i64,
    },
    ContentSha256Missing,
    ContentSha256Invalid,
    ContentSha256Mismatch,
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Refusal {
    pub(super) fn into_error(self, dialect: Dialect) -> AwsError {
        let status = dialect.pick(400, 403, 403, 403);
        let invalid = dialect.pick(
            "InvalidSignatureException",
            "InvalidSignatureException",
            "SignatureDoesNotMatch",
            "SignatureDoesNotMatch",
        );
        let error = |status, code: &str, message: String| AwsError::with_status(status, code, message);
        match self {
            Self::Presented(refusal) => presented(refusal, dialect),
            Self::Scope { expected, value } => match (dialect, expected) {
                (Dialect::S3, "region") => error(
                    400,
                    "AuthorizationHeaderMalformed",
                    format!(
                        "The authorization header is malformed; the region is wrong; expecting '{value}'"
                    ),
                ),
                (_, "region") => error(
                    status,
                    invalid,
                    format!("Credential should be scoped to a valid region, such as '{value}'."),
                ),
                _ => error(
                    status,
                    invalid,
                    format!("Credential should be scoped to correct service: '{value}'."),
                ),
            },
            Self::UnknownKey if dialect == Dialect::S3 => error(
                403,
                "InvalidAccessKeyId",
                String::from("The AWS Access Key Id you provided does not exist in our records."),
            ),
            Self::BadToken if dialect == Dialect::S3 => error(
                400,
                "InvalidToken",
                String::from("The provided token is malformed or otherwise invalid."),
            ),
            Self::UnknownKey | Self::BadToken => error(
                status,
                dialect.pick(
                    "UnrecognizedClientException",
                    "UnrecognizedClientException",
                    "InvalidClientTokenId",
                    "",
                ),
                String::from("The security token included in the request is invalid."),
            ),
            Self::SessionOver => error(
                dialect.pick(400, 403, 403, 400),
                dialect.pick(
                    "ExpiredTokenException",
                    "ExpiredTokenException",
                    "ExpiredToken",
                    "ExpiredToken",
                ),
                String::from(dialect.pick(
                    "The security token included in the request is expired",
                    "The security token included in the request is expired",
                    "The security token included in the request is expired",
                    "The provided token has expired.",
                )),
            ),
            Self::Mismatch => {
                error(status, invalid, String::from(dialect.pick(MISMATCH, MISMATCH, MISMATCH, S3_MISMATCH)))
            }
            Self::TooLate { presigned: true, .. } if dialect == Dialect::S3 => {
                error(403, "AccessDenied", String::from("Request has expired"))
            }
            Self::TooLate { .. } | Self::TooEarly { .. } if dialect == Dialect::S3 => error(
                403,
                "RequestTimeTooSkewed",
                String::from("The difference between the request time and the current time is too large."),
            ),
            Self::TooLate { signed, now, allowed, .. } => error(status, invalid, {
                let oldest = now.plus_seconds(-allowed);
                format!(
                    "Signature expired: {} is now earlier than {} ({} - {}.)",
                    format_amz_date(signed),
                    format_amz_date(oldest),
                    format_amz_date(now),
                    in_words(allowed)
                )
            }),
            Self::TooEarly { signed, now, allowed } => error(status, invalid, {
                let newest = now.plus_seconds(allowed);
                format!(
                    "Signature not yet current: {} is still later than {} ({} + {}.)",
                    format_amz_date(signed),
                    format_amz_date(newest),
                    format_amz_date(now),
                    in_words(allowed)
                )
            }),
            Self::ContentSha256Missing => error(
                400,
                "MissingSecurityHeader",
                String::from("Missing required header for this request: x-amz-content-sha256"),
            ),
            Self::ContentSha256Invalid => error(
                400,
                "InvalidArgument",
                String::from(
                    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                     STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid \
                     sha256 value.",
                ),
            ),
            Self::ContentSha256Mismatch => error(
                400,
                "XAmzContentSHA256Mismatch",
                String::from("The provided 'x-amz-content-sha256' header does not match what was computed."),
            ),
            Self::Failure(failure) => failure.into(),
        }
    }
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS \
                        Secret Access Key and signing method. Consult the service documentation for details.";
const S3_MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your \
                           key and signing method.";

fn presented(refusal: sigv4::Refusal, dialect: Dialect) -> AwsError {
    let status = dialect.pick(400, 403, 400, 400);
    let incomplete = dialect.pick(
        "IncompleteSignatureException",
        "IncompleteSignatureException",
        "IncompleteSignature",
        "AuthorizationHeaderMalformed",
    );
    match refusal {
        sigv4::Refusal::Missing => match dialect {
            Dialect::Json | Dialect::RestJson => AwsError::with_status(
                dialect.pick(400, 403, 403, 403),
                "MissingAuthenticationTokenException",
                "Missing Authentication Token",
            ),
            Dialect::Query => AwsError::with_status(
                403,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            ),
            Dialect::S3 => AwsError::with_status(403, "AccessDenied", "Access Denied"),
        },
        refusal @ sigv4::Refusal::UnsignedHeaders(_) => dialect.access_denied(refusal.to_string()),
        refusal @ sigv4::Refusal::Expires if dialect == Dialect::S3 => {
            AwsError::with_status(400, "AuthorizationQueryParametersError", refusal.to_string())
        }
        other => AwsError::with_status(status, incomplete, other.to_string()),
    }
}

fn in_words(seconds: i64) -> String {
    if seconds % 60 == 0 { format!("{} min", seconds / 60) } else { format!("{seconds} sec") }
}
