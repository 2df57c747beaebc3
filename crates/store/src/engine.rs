//! What an engine provides, below the types: rows of JSON text.

use async_trait::async_trait;
use base::{PageToken, Timestamp};
use bytes::Bytes;
use tokio::sync::broadcast;

use crate::batch::CommitError;

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

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawBatch {
    pub expect: Vec<Expectation>,
    pub put: Vec<PutRow>,
    pub delete: Vec<RowId>,
}

/// Rows of one collection in one partition, in order; `index: None` goes by key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawQuery {
    pub collection: &'static str,
    pub partition: String,
    pub index: Option<&'static str>,
    pub range: Range,
    pub limit: usize,
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

    /// Bytes by the SHA-256 of their content, in lower-case hexadecimal. Putting the same bytes twice is once.
    async fn put_blob(&self, sha256: &str, content: Bytes) -> Result<(), StoreError>;

    async fn get_blob(&self, sha256: &str) -> Result<Option<Bytes>, StoreError>;

    async fn delete_blob(&self, sha256: &str) -> Result<(), StoreError>;

    /// Commits from now on. A receiver that lags must drop all that it holds.
    fn changes(&self) -> broadcast::Receiver<Change>;

    /// Deletes up to `limit` rows that have expired and says how many it deleted.
    async fn sweep(&self, limit: usize) -> Result<usize, StoreError>;

    /// Whether a read and a commit would work now.
    async fn ready(&self) -> Result<(), StoreError>;

    /// Writes out what is left and lets go of files.
    async fn close(&self) -> Result<(), StoreError>;
}
