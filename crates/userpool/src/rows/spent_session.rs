//! Sign-in sessions that were used, until they would have expired anyway.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

/// Inserting it is spending the session: the second insert of an id fails.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpentSession {
    pub user_pool_id: String,
    pub id: String,
    pub expires_at: Timestamp,
}

impl Collection for SpentSession {
    const NAME: &'static str = "user_pool_spent_session";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }
}
