//! Whether a token is one of a pool's: what an API's authorizer asks.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

/// Checks tokens of any pool of this server. Cheap to clone.
#[derive(Clone)]
pub struct PoolTokens {
    verifier: Arc<dyn VerifyTokens>,
}

/// What [`PoolTokens`] stands on: the pools' own keys, or, in another room's tests, whatever the test says.
#[async_trait]
pub trait VerifyTokens: Send + Sync + 'static {
    async fn verify(&self, pool_id: &str, token: &str) -> Result<VerifiedToken, TokenRejected>;
}

/// A token whose signature, issuer and times hold.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifiedToken {
    pub claims: Map<String, Value>,
    /// `id` or `access`.
    pub token_use: String,
    /// An access token's scopes; empty for an ID token.
    pub scopes: Vec<String>,
}

/// Why not. The reason is for logs: whoever showed the token learns only that it was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRejected {
    #[error("not a JSON web token")]
    Malformed,
    #[error("there is no such user pool")]
    NoSuchPool,
    #[error("no key of the pool has its kid")]
    UnknownKey,
    #[error("the signature is not the pool's")]
    Signature,
    #[error("another issuer's")]
    Issuer,
    #[error("neither an ID token nor an access token")]
    Use,
    #[error("expired")]
    Expired,
    /// The keys could not be read now: not the token's fault.
    #[error("the pool's keys cannot be read: {0}")]
    Unavailable(String),
}

impl PoolTokens {
    pub fn new(verifier: Arc<dyn VerifyTokens>) -> Self {
        Self { verifier }
    }

    /// Signature by `kid`, issuer, expiry and `token_use`. Whether it was revoked since is not asked: API Gateway does
    /// not ask either ("Verifying JSON web tokens", Amazon Cognito Developer Guide).
    pub async fn verify(&self, pool_id: &str, token: &str) -> Result<VerifiedToken, TokenRejected> {
        self.verifier.verify(pool_id, token).await
    }
}
