//! What every AWS call has in common, whatever its protocol.

use std::{fmt, pin::Pin};

/// A future behind a pointer, for the functions by which one room calls another: the body of an `async fn` is compiled
/// again in every crate that awaits it, that of a boxed one only where it is written.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who makes a call, after its signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    pub identity: Identity,
    /// The address the request came from, as the front door saw it.
    pub source_ip: String,
    pub request_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// No signature. Only operations that AWS leaves unsigned ever see this one.
    Anonymous,
    /// A valid signature, and a policy that allows the call.
    Principal { account: String, arn: String, user_id: String },
}

/// An answer that says no, before a protocol puts it into words: JSON, query and REST each write it their own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    /// The HTTP status.
    pub status: u16,
    /// The shape's name: `NotAuthorizedException`, `ValidationError`, …
    pub code: String,
    pub message: String,
}

impl AwsError {
    /// The caller's to mend (400).
    pub fn client(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: 400, code: code.into(), message: message.into() }
    }

    pub fn with_status(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }
}

impl fmt::Display for AwsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for AwsError {}
