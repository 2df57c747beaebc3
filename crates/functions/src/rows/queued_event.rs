//! An asynchronous invocation that was accepted and is not done yet. It is committed before the caller hears 202, so a
//! killed server takes it up again.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueuedEventRow {
    pub function: String,
    pub qualifier: Option<String>,
    /// The request id: the same at every attempt.
    pub id: String,
    /// JSON text.
    pub payload: String,
    pub client_context: Option<String>,
    pub accepted_at: Timestamp,
    /// Attempts made so far that ended in a function error.
    pub attempts: u32,
    /// Which node works on it.
    pub node: String,
}

impl Collection for QueuedEventRow {
    const NAME: &'static str = "lambda_queued_event";

    fn partition(&self) -> &str {
        &self.function
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    /// Six hours, as on AWS, and one more for a node that was away.
    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.accepted_at.plus_seconds(7 * 3600))
    }
}
