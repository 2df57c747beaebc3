//! How asynchronous invocations of a function, version or alias are retried.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EventInvokeConfigRow {
    pub function: String,
    /// `$LATEST`, a version or an alias.
    pub qualifier: String,
    /// 0 to 2.
    pub maximum_retry_attempts: Option<u32>,
    /// 60 to 21,600 seconds.
    pub maximum_event_age_seconds: Option<u32>,
    pub last_modified: Timestamp,
}

impl Collection for EventInvokeConfigRow {
    const NAME: &'static str = "lambda_event_invoke_config";

    fn partition(&self) -> &str {
        &self.function
    }

    fn key(&self) -> String {
        self.qualifier.clone()
    }
}
