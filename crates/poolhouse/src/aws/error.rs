//! What can come of a call besides an answer.

/// Why a call to an AWS API has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AwsFailure {
    #[error("nothing answers at {endpoint}: {cause}")]
    Unreachable { endpoint: String, cause: String },
    #[error("no answer from {endpoint} within {seconds} s")]
    Deadline { endpoint: String, seconds: u64 },
    /// The service said no.
    #[error("{code}: {message}")]
    Refused { status: u16, code: String, message: String },
    #[error("{endpoint} gave an answer that cannot be read ({why}); is it a Poolhouse or AWS endpoint?")]
    NotUnderstood { endpoint: String, why: String },
}

impl AwsFailure {
    pub fn code(&self) -> &str {
        match self {
            Self::Refused { code, .. } => code,
            _ => "",
        }
    }

    pub fn message(&self) -> String {
        match self {
            Self::Refused { message, .. } => message.clone(),
            other => other.to_string(),
        }
    }

    pub const fn status(&self) -> u16 {
        match self {
            Self::Refused { status, .. } => *status,
            _ => 0,
        }
    }

    /// CloudFormation says so of a stack, a change set or a resource in many words with one code.
    pub fn says_missing(&self) -> bool {
        self.status() == 404
            || (self.code() == "ValidationError" && self.message().contains("does not exist"))
    }

    /// What the caller can do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unreachable { .. } => Some(String::from(
                "start a server with 'poolhouse serve' or 'poolhouse dev', or name one with --endpoint",
            )),
            Self::Refused { code, .. } => match code.as_str() {
                "InvalidClientTokenId"
                | "UnrecognizedClientException"
                | "SignatureDoesNotMatch"
                | "InvalidAccessKeyId" => Some(String::from(
                    "these keys are not this server's: its own lie in <data>/credentials; say where with --server-data, or set AWS_ACCESS_KEY_ID",
                )),
                _ if self.message().contains("region") && code.contains("Signature") => Some(String::from(
                    "the server is in another region than the service: start it with --region, or say --region here",
                )),
                _ => None,
            },
            _ => None,
        }
    }
}
