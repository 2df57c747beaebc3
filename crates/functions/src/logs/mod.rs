//! CloudWatch Logs, as far as functions and those who read their logs need it.
//!
//! What workers print is gathered in memory (bounded), written in batches (`sink`), read back by stream or by time
//! (`read`), matched (`pattern`), and goes by its group's retention or when the group holds too much (`janitor`). No
//! invocation ever waits for any of it.

mod answer;
mod events;
mod groups;
mod invocation;
mod janitor;
mod pattern;
mod read;
mod rows;
mod sink;
mod stream_writer;
mod streams;
mod unsupported;

use std::sync::Arc;

use base::{AccountId, AwsError, Caller, Region, Timestamp};
use ports::{Clock, Rng};
use serde_json::Value;
use store::Store;

pub use invocation::{InvocationLog, Report};
pub use sink::Sink;
pub use stream_writer::StreamWriter;
pub use unsupported::UNSUPPORTED_LOGS;

/// One event of a log stream. The message keeps its newline, as Lambda's do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    pub timestamp: Timestamp,
    pub message: String,
}

/// An event as it happens, for whoever follows along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLogEvent {
    pub group: Arc<str>,
    pub stream: Arc<str>,
    pub timestamp: Timestamp,
    pub message: String,
}

pub struct Logs {
    store: Store,
    clock: Arc<dyn Clock>,
    region: Region,
    account: AccountId,
    sink: Arc<Sink>,
    bytes_per_group: u64,
}

impl Logs {
    pub fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
        region: Region,
        account: AccountId,
        bytes_per_group: u64,
    ) -> Self {
        let sink = Sink::new(store.clone(), Arc::clone(&clock), &*rng);
        Self { store, clock, region, account, sink, bytes_per_group }
    }

    pub fn sink(&self) -> &Arc<Sink> {
        &self.sink
    }

    pub async fn call(&self, operation: &str, _caller: &Caller, input: Value) -> Result<Value, AwsError> {
        answer::check(operation, &input)?;
        match operation {
            "CreateLogGroup" => self.create_log_group(answer::read(input)?).await,
            "DeleteLogGroup" => self.delete_log_group(answer::read(input)?).await,
            "DescribeLogGroups" => self.describe_log_groups(answer::read(input)?).await,
            "PutRetentionPolicy" => self.put_retention_policy(answer::read(input)?).await,
            "DeleteRetentionPolicy" => self.delete_retention_policy(answer::read(input)?).await,
            "CreateLogStream" => self.create_log_stream(answer::read(input)?).await,
            "DeleteLogStream" => self.delete_log_stream(answer::read(input)?).await,
            "DescribeLogStreams" => self.describe_log_streams(answer::read(input)?).await,
            "PutLogEvents" => self.put_log_events(answer::read(input)?).await,
            "GetLogEvents" => self.get_log_events(answer::read(input)?).await,
            "FilterLogEvents" => self.filter_log_events(answer::read(input)?).await,
            "TagLogGroup" => self.tag_log_group(answer::read(input)?).await,
            "UntagLogGroup" => self.untag_log_group(answer::read(input)?).await,
            "ListTagsLogGroup" => self.list_tags_log_group(answer::read(input)?).await,
            "TagResource" => self.tag_resource(answer::read(input)?).await,
            "UntagResource" => self.untag_resource(answer::read(input)?).await,
            "ListTagsForResource" => self.list_tags_for_resource(answer::read(input)?).await,
            other => Err(AwsError::with_status(
                501,
                "NotImplemented",
                format!("Poolhouse does not implement logs {other}"),
            )),
        }
    }
}
