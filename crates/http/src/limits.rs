//! What one client may take, and for how long.

use std::time::Duration;

#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once. When they are full, the one that has been silent longest makes room.
    pub connections: usize,
    /// From the start of the connection, or the end of the answer before, to the end of a request's headers: a silent
    /// connection is closed after it.
    pub headers: Duration,
    /// Between two pieces of a body; the whole body has `body_whole`.
    pub body_pause: Duration,
    pub body_whole: Duration,
    /// How long a client may take no byte of an answer.
    pub stalled_write: Duration,
    /// Bytes of request bodies held at once, all requests together. Who comes when it is used up is told to come again.
    pub bodies: usize,
    /// What an AWS operation may take, except for running a function.
    pub operation: Duration,
    /// How long requests in progress may go on when the server stops.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8192,
            headers: Duration::from_secs(65),
            body_pause: Duration::from_secs(15),
            body_whole: Duration::from_secs(300),
            stalled_write: Duration::from_secs(60),
            bodies: 768 << 20,
            operation: Duration::from_secs(60),
            farewell: Duration::from_secs(10),
        }
    }
}

/// The largest body a service takes, in bytes.
pub fn body_limit(service: &str, operation: &str) -> usize {
    match (service, operation) {
        // A package is at most 50 MB zipped, in base64.
        ("lambda", "CreateFunction" | "UpdateFunctionCode" | "PublishLayerVersion") => 70 << 20,
        // Lambda quotas: 6 MB for a synchronous request.
        ("lambda", "Invoke" | "InvokeWithResponseStream" | "InvokeAsync") => 6 << 20,
        // Branding assets.
        ("cognito-idp", "CreateManagedLoginBranding" | "UpdateManagedLoginBranding") => 8 << 20,
        ("cognito-idp", _) => 512 << 10,
        ("logs", _) => 2 << 20,
        ("cloudformation", _) => 2 << 20,
        _ => 1 << 20,
    }
}

/// API Gateway quotas: 10 MB.
pub const API_BODY: usize = 10 << 20;
/// A form with a password, or an authorization request.
pub const HOSTED_BODY: usize = 256 << 10;
