//! Wrong passwords in a row, for lockout.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

/// Kept apart from the user so that someone who does not exist is locked out like someone who does. Goes by itself
/// fifteen minutes after the last lockout ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttemptsRow {
    pub user_pool_id: String,
    /// The user's `username_key`, or the name that was tried, as the pool compares it; hashed, so that what a stranger
    /// typed is not kept.
    pub name_hash: String,
    pub failures: u32,
    pub locked_until: Timestamp,
    pub expires_at: Timestamp,
}

impl Collection for AttemptsRow {
    const NAME: &'static str = "user_pool_attempts";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.name_hash.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
