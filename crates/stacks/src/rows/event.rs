//! What happened to a stack, newest first.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRow {
    pub home: String,
    pub stack: String,
    /// No two events of a stack share a millisecond.
    pub at: Timestamp,
    pub event_id: String,
    pub stack_arn: String,
    pub stack_name: String,
    pub logical_id: String,
    pub physical_id: Option<String>,
    pub resource_type: String,
    pub status: String,
    pub reason: Option<String>,
    /// JSON text, with secrets starred out.
    pub properties: Option<String>,
    pub client_token: Option<String>,
}

impl EventRow {
    /// Keys sort ascending; events are read newest first, so the time counts down.
    pub fn key_of(stack: &str, at: Timestamp) -> String {
        format!("{stack}/{:016}", 9_999_999_999_999_999_i64.saturating_sub(at.millis()))
    }
}

impl Collection for EventRow {
    const NAME: &'static str = "stack_event";

    fn partition(&self) -> &str {
        &self.home
    }

    fn key(&self) -> String {
        Self::key_of(&self.stack, self.at)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(super::kept_until(self.at))
    }
}
