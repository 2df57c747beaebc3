//! What an engine provides, below the types: rows of JSON text.

use async_trait::async_trait;
use base::{PageToken, Timestamp};
use bytes::Bytes;
use tokio::sync::broadcast;

use crate::{
    batch::CommitError,
    moving::{Moved, Records},
};

/// The most rows a page has, whatever was asked for; the least is one.
pub const PAGE_LIMIT: usize = 1000;
/// Bytes of UTF-8 that a partition, a key or an index value may have.
pub const NAME_LIMIT: usize = 1024;
/// Bytes that a row's partition, its key and a value it is found by may have together: PostgreSQL's indexes take entries
/// of 2,704 bytes, with all their names.
pub const ENTRY_LIMIT: usize = 2560;

/// Where a row is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    pub collection: &'static str,
    pub partition: String,
    pub key: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: RowId,
    pub version: u64,
    /// JSON text.
    pub body: String,
    pub expires_at: Option<Timestamp>,
}

/// A row to write, with all its index entries (those it had and has no more are deleted).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutRow {
    pub id: RowId,
    pub body: String,
    pub expires_at: Option<Timestamp>,
    pub indexes: Vec<crate::IndexEntry>,
}

/// What must hold for a batch to be committed. An expired row counts as absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    Absent(RowId),
    Version(RowId, u64),
}

/// Expectations are held against what was there before the batch; then the deletes are done, then the puts, in order. So
/// a row that a batch both deletes and puts is there afterwards, made anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawBatch {
    pub expect: Vec<Expectation>,
    pub put: Vec<PutRow>,
    pub delete: Vec<RowId>,
}

impl RawBatch {
    /// What every engine refuses before it begins: names that are empty, too long, or hold U+0000 (which PostgreSQL
    /// cannot keep).
    pub fn check(&self) -> Result<(), StoreError> {
        let expected = self.expect.iter().map(|(Expectation::Absent(id) | Expectation::Version(id, _))| id);
        for id in expected.chain(self.put.iter().map(|row| &row.id)).chain(&self.delete) {
            check_name(id.collection, "partition", &id.partition)?;
            check_name(id.collection, "key", &id.key)?;
        }
        for row in &self.put {
            for entry in &row.indexes {
                if !entry.value.is_empty() {
                    check_name(row.id.collection, entry.index, &entry.value)?;
                }
                if row.id.partition.len() + row.id.key.len() + entry.value.len() > ENTRY_LIMIT {
                    return Err(StoreError::Invalid(format!(
                        "{}: partition, key and {} are longer than 2,560 bytes together",
                        row.id.collection, entry.index
                    )));
                }
            }
        }
        Ok(())
    }
}

fn check_name(collection: &str, what: &str, name: &str) -> Result<(), StoreError> {
    let wrong = if name.is_empty() {
        "is empty"
    } else if name.len() > NAME_LIMIT {
        "is longer than 1,024 bytes"
    } else if name.contains('\0') {
        "holds the character U+0000"
    } else {
        return Ok(());
    };
    Err(StoreError::Invalid(format!("{collection}: a {what} {wrong}")))
}

/// Rows of one collection in one partition, in order; `index: None` goes by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawQuery {
    pub collection: &'static str,
    pub partition: String,
    pub index: Option<&'static str>,
    pub range: Range,
    pub limit: usize,
    /// What a page gave as `next`. Of a query by key it is the last row's key, so that one may be made of any key; of a
    /// query by index it is the engine's own.
    pub after: Option<PageToken>,
}

/// Which values of the index (or key) are meant. Compared as UTF-8 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Range {
    #[default]
    All,
    Equals(String),
    StartsWith(String),
    /// From the first, inclusive, to the second, exclusive.
    Between(String, String),
}

impl Range {
    /// The least value meant, and the least that is past them all (`None`: up to the end). Not for `Equals`, which
    /// engines look up as such.
    pub fn bounds(&self) -> (&str, Option<String>) {
        match self {
            Self::All => ("", None),
            Self::Equals(value) => (value, None),
            Self::StartsWith(prefix) => (prefix, past_prefix(prefix)),
            Self::Between(from, before) => (from, Some(before.clone())),
        }
    }
}

/// The least string that sorts after everything beginning with `prefix`: its last character that can grow, grown.
pub fn past_prefix(prefix: &str) -> Option<String> {
    let kept = prefix.trim_end_matches(char::MAX);
    let last = kept.chars().next_back()?;
    let mut past = kept[..kept.len() - last.len_utf8()].to_owned();
    // A range of characters skips the surrogates.
    past.extend((last..=char::MAX).nth(1));
    Some(past)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPage {
    pub rows: Vec<Row>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<PageToken>,
}

/// Something was committed, here or on another node; what is held in memory of it is stale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub collection: String,
    pub partition: String,
    pub key: String,
}

impl Change {
    /// Says that changes may have been missed, so that whatever is held in memory may be stale: an engine sends it when
    /// it has lost touch with other nodes for a moment. [`crate::Changes`] hands it on as if the receiver had lagged.
    pub fn everything() -> Self {
        Self { collection: String::new(), partition: String::new(), key: String::new() }
    }

    /// No collection has an empty name.
    pub fn is_everything(&self) -> bool {
        self.collection.is_empty()
    }
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Away, for now: answers become 503 with Retry-After.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// No room: what was to be written was not.
    #[error("the store has no room left: {0}")]
    Full(String),
    #[error("a row could not be read: {0}")]
    Corrupt(String),
    #[error("the request to the store was wrong: {0}")]
    Invalid(String),
}

/// An engine. It knows the time by itself (expiry), survives `kill -9` with every acknowledged commit, and answers
/// every call within a deadline of its own.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    /// In the order asked for; `None` where there is no such row or it has expired.
    async fn get_many(&self, ids: Vec<RowId>) -> Result<Vec<Option<Row>>, StoreError>;

    async fn query(&self, query: RawQuery) -> Result<RawPage, StoreError>;

    /// All of it or nothing. A row may stand in `expect` and in `put` or `delete`; a put without an expectation
    /// overwrites whatever is there.
    async fn commit(&self, batch: RawBatch) -> Result<(), CommitError>;

    /// Every partition that holds rows of `collection`, paged by name.
    async fn partitions(
        &self,
        collection: &'static str,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError>;

    /// Bytes by the SHA-256 of their content, in lower-case hexadecimal. Putting the same bytes twice is once, and renews
    /// the time they were put.
    async fn put_blob(&self, sha256: &str, content: Bytes) -> Result<(), StoreError>;

    async fn get_blob(&self, sha256: &str) -> Result<Option<Bytes>, StoreError>;

    async fn delete_blob(&self, sha256: &str) -> Result<(), StoreError>;

    /// Deletes the blob unless it was put, or put again, at `before` or later. Says whether it is gone now.
    async fn delete_blob_put_before(&self, sha256: &str, before: Timestamp) -> Result<bool, StoreError>;

    /// Commits from now on, here and on other nodes. A receiver that lags, or is sent [`Change::everything`], must drop all
    /// that it holds; [`crate::Store::changes`] makes one of the two.
    fn changes(&self) -> broadcast::Receiver<Change>;

    /// How many servers use this store now, this one among them: what is limited for all of them is divided by it. A server
    /// that is gone counts for some seconds more.
    fn nodes(&self) -> usize {
        1
    }

    /// Deletes up to `limit` rows that have expired and says how many it deleted.
    async fn sweep(&self, limit: usize) -> Result<usize, StoreError>;

    /// Everything there is, expired rows too, as it was at one moment of this call; goes on serving meanwhile. Whoever
    /// drops the receiver ends it.
    async fn export(&self) -> Result<Records, StoreError>;

    /// Takes all of it into an empty store, or, where that fails, no row of it. Not within the usual deadline.
    async fn import(&self, records: Records) -> Result<Moved, StoreError>;

    /// Whether a read and a commit would work now.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Writes out what is left and lets go of files.
    async fn close(&self) -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_next_one_begins() {
        assert_eq!(past_prefix("ab"), Some(String::from("ac")));
        assert_eq!(past_prefix("a\u{d7ff}"), Some(String::from("a\u{e000}")));
        assert_eq!(past_prefix("a\u{10ffff}\u{10ffff}"), Some(String::from("b")));
        assert_eq!(past_prefix("\u{10ffff}"), None);
        assert_eq!(past_prefix(""), None);
    }

    #[test]
    fn a_name_that_no_engine_can_keep_is_refused() {
        let batch = |partition: &str, key: &str| RawBatch {
            delete: vec![RowId { collection: "thing", partition: partition.to_owned(), key: key.to_owned() }],
            ..RawBatch::default()
        };
        assert!(batch("p", "k").check().is_ok());
        assert!(batch("", "k").check().is_err());
        assert!(batch("p", "a\0b").check().is_err());
        assert!(batch("p", &"k".repeat(1025)).check().is_err());
    }
}
