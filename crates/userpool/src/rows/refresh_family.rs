//! A sign-in, for as long as it can be refreshed.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry};

/// Every token of one sign-in carries its `origin_jti`. Revoking deletes the row: a family that is not there is revoked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefreshFamilyRow {
    pub user_pool_id: String,
    pub origin_jti: String,
    pub client_id: String,
    pub username_key: String,
    pub sub: String,
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    /// Rotation: the generation of the newest refresh token, and when it was made.
    pub generation: u32,
    pub rotated_at: Timestamp,
    /// The authentication event, which every token of the sign-in names.
    pub event_id: String,
    /// Whether the OAuth endpoints made it.
    pub oauth: bool,
    /// What the sign-in was granted; a refresh grants the same.
    pub scopes: Vec<String>,
    pub expires_at: Timestamp,
}

impl Collection for RefreshFamilyRow {
    const NAME: &'static str = "user_pool_refresh_family";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.origin_jti.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new("by_sub", &self.sub)]
    }
}
