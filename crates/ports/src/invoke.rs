//! Running a function: how user pools call their triggers and APIs their integrations and authorizers.

use async_trait::async_trait;
use bytes::Bytes;

/// One invocation (AWS Lambda API Reference, "Invoke").
#[derive(Clone, Debug)]
pub struct Invocation {
    /// A function's ARN, with or without a version or alias behind it.
    pub function: String,
    /// JSON.
    pub payload: Bytes,
    /// Who asks, for the function's resource policy; `None` for a caller whose own policy was already checked.
    pub on_behalf_of: Option<ServicePrincipal>,
    /// `false` queues it and answers at once (`InvocationType: Event`).
    pub wait: bool,
    /// Put the last 4 KiB of the log in the answer (`LogType: Tail`).
    pub tail_log: bool,
    /// What `context.clientContext` shows, base64 as on the wire.
    pub client_context: Option<String>,
}

/// Checked against the function's `AWS::Lambda::Permission`s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePrincipal {
    /// `apigateway.amazonaws.com`, `cognito-idp.amazonaws.com`, …
    pub service: String,
    /// The ARN that calls: a method (`arn:aws:execute-api:…/stage/GET/path`), a user pool, …
    pub source_arn: String,
    pub source_account: String,
}

#[derive(Clone, Debug)]
pub struct Invoked {
    pub payload: Bytes,
    /// `Unhandled` or `Handled` where the function failed; the payload then tells how.
    pub function_error: Option<String>,
    pub executed_version: String,
    pub log_tail: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    #[error("Function not found: {0}")]
    NotFound(String),
    #[error("{0} may not be invoked by this caller")]
    Forbidden(String),
    /// Every worker is busy and the queue is full.
    #[error("Rate Exceeded.")]
    Throttled,
    #[error("the payload is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the payload is not JSON: {0}")]
    NotJson(String),
    /// Ours to mend, with the cause for the log.
    #[error("{0}")]
    Failed(String),
}

#[async_trait]
pub trait Invoke: Send + Sync + 'static {
    async fn invoke(&self, invocation: Invocation) -> Result<Invoked, InvokeError>;
}
