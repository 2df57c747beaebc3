//! What a type says of itself to live in the store.

use base::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

/// A kind of row. Bodies are JSON so that an operator can read them with SQL; secret fields are sealed before they
/// get here.
pub trait Collection: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Lower-case words joined by `_`, unique in the server, never changed: `user_pool_user`.
    const NAME: &'static str;

    /// What is kept together and could be sharded away: a pool id, an API id, a stack id. Never empty.
    fn partition(&self) -> &str;

    /// Unique within the partition and collection. Never empty, at most 1,024 bytes.
    fn key(&self) -> String;

    /// From when on the row counts as gone: reads do not return it, and a sweep deletes it some time after.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }

    /// Where else the row can be found. The engine writes and deletes these with the row.
    fn indexes(&self) -> Vec<IndexEntry> {
        Vec::new()
    }
}

/// One entry of an index, in the row's partition. Rows of an index are ordered by `value`, then by the row's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    /// Lower-case words joined by `_`: `by_email`.
    pub index: &'static str,
    pub value: String,
}

impl IndexEntry {
    pub fn new(index: &'static str, value: impl Into<String>) -> Self {
        Self { index, value: value.into() }
    }
}

/// A row as it was read. `version` starts at 1 and grows by one with each write; a row that was deleted and made again
/// starts anew, so what must never be confused with its predecessor carries an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned<T> {
    pub value: T,
    pub version: u64,
}
