//! An authorization code, between the redirect and the token request.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

/// Keyed by the code's SHA-256: what the store holds cannot be redeemed. Kept after it was used, until it would have
/// expired, so that using it again is noticed and takes back what the first use was given (RFC 6749, section 4.1.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizationCodeRow {
    pub user_pool_id: String,
    pub code_hash: String,
    pub client_id: String,
    pub username_key: String,
    pub sub: String,
    pub redirect_uri: String,
    pub scopes: Vec<String>,
    pub nonce: Option<String>,
    /// S256 of the verifier that the app keeps (RFC 7636).
    pub code_challenge: Option<String>,
    pub signed_in_at: Timestamp,
    pub expires_at: Timestamp,
    /// The family of tokens it was exchanged for.
    pub redeemed_for: Option<String>,
}

impl Collection for AuthorizationCodeRow {
    const NAME: &'static str = "hosted_authorization_code";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.code_hash.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
