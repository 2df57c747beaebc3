//! Messages to send, committed with the change that they tell of.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry};

/// The one partition of [`MessageRow`]: whoever sends looks in one place.
pub const OUTBOX: &str = "outbox";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MessageRow {
    pub id: String,
    pub user_pool_id: String,
    /// `messages::Outgoing` as JSON, sealed: it holds an address and a code.
    pub sealed: String,
    pub attempts: u32,
    /// When to try next. Whoever takes the message moves this on first, so that no one else sends it meanwhile.
    pub due: Timestamp,
    pub created_at: Timestamp,
    /// When it is given up: a code in it is of no more use.
    pub expires_at: Timestamp,
}

impl Collection for MessageRow {
    const NAME: &'static str = "user_pool_message";

    fn partition(&self) -> &str {
        OUTBOX
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new("by_due", Self::due_index(self.due))]
    }
}

impl MessageRow {
    /// Milliseconds in twenty digits, so that text order is time order.
    pub fn due_index(due: Timestamp) -> String {
        format!("{:020}", due.millis().max(0))
    }
}
