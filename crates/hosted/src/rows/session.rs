//! A browser that signed in, so that the next app of the same pool does not ask again.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

/// How long a browser is remembered: an hour, as Cognito's session cookie lasts
/// (Amazon Cognito Developer Guide, "User pool managed login", "things to know").
pub const SESSION_SECONDS: i64 = 3600;

/// Keyed by the SHA-256 of the cookie's value.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HostedSessionRow {
    pub user_pool_id: String,
    pub cookie_hash: String,
    pub username_key: String,
    pub sub: String,
    pub signed_in_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Collection for HostedSessionRow {
    const NAME: &'static str = "hosted_session";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.cookie_hash.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
