//! What is kept of logs. Events are kept many to a row, by stream and in the order they came.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry};

/// The one partition of all groups: there are few, and they are listed by name.
pub const GROUPS: &str = "log_groups";
const DAY_MILLIS: i64 = 86_400_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogGroupRow {
    pub name: String,
    pub created_at: Timestamp,
    pub retention_days: Option<u32>,
    pub class: String,
    pub tags: BTreeMap<String, String>,
}

impl Collection for LogGroupRow {
    const NAME: &'static str = "log_group";

    fn partition(&self) -> &str {
        GROUPS
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogStreamRow {
    pub group: String,
    pub name: String,
    pub created_at: Timestamp,
    pub first_event: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    pub last_ingestion: Option<Timestamp>,
    pub stored_bytes: u64,
    pub expires_at: Option<Timestamp>,
}

impl Collection for LogStreamRow {
    const NAME: &'static str = "log_stream";

    fn partition(&self) -> &str {
        &self.group
    }

    fn key(&self) -> String {
        self.name.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new("by_last_event", sortable(self.last_event.unwrap_or(self.created_at)))]
    }
}

/// Events of one stream that came together; they span at most a minute.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogChunkRow {
    pub group: String,
    pub stream: String,
    pub first: Timestamp,
    pub last: Timestamp,
    pub ingested_at: Timestamp,
    /// Digits that tell chunks of the same instants apart, in the order they came.
    pub sequence: String,
    /// Milliseconds and message.
    pub events: Vec<(i64, String)>,
    pub bytes: u64,
    pub expires_at: Option<Timestamp>,
}

/// The longest time that the events of one chunk span.
pub const CHUNK_SPAN_MILLIS: i64 = 60_000;

impl Collection for LogChunkRow {
    const NAME: &'static str = "log_chunk";

    fn partition(&self) -> &str {
        &self.group
    }

    /// By time, so that a group is read in order.
    fn key(&self) -> String {
        format!("{}{}", sortable(self.last), self.sequence)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        let (stream, key) = (&self.stream, self.key());
        vec![
            IndexEntry::new("by_stream", format!("{stream}{STREAM_END}{key}")),
            IndexEntry::new("by_stream_newest", format!("{stream}{STREAM_END}{}", newest_first(&key))),
        ]
    }
}

/// Ends a stream's name within an index value: sorts before every character that a name may have.
pub const STREAM_END: char = '\u{1}';

/// A chunk's key, which is all digits, so that later ones come first.
pub fn newest_first(key: &str) -> String {
    key.bytes().map(|digit| char::from(b'9' - (digit.clamp(b'0', b'9') - b'0'))).collect()
}

/// Thirteen digits: instants in their order as text.
pub fn sortable(at: Timestamp) -> String {
    format!("{:013}", at.millis().max(0))
}

/// When something of this instant goes.
pub fn expiry(at: Timestamp, retention_days: Option<u32>) -> Option<Timestamp> {
    retention_days.map(|days| at.plus_millis(i64::from(days) * DAY_MILLIS))
}
