//! Moving house: everything a store holds, as a stream of records that any engine can take in.
//!
//! [`crate::Engine::export`] tells all of it as it was at one moment, while serving; [`crate::Engine::import`] takes it into
//! an empty store, all or nothing. Rows keep their versions and expiry, so that what was read before is still expected
//! after. What is sealed stays sealed: the new house needs the old master key.

use base::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::StoreError;

/// Records that may be on their way before the one who makes them waits.
pub const RECORDS_AHEAD: usize = 64;

/// A row with all that belongs to it. Its names are the engine's, not a type's: rows of collections that this version does
/// not know move too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MovedRow {
    pub collection: String,
    pub partition: String,
    pub key: String,
    pub version: u64,
    pub expires_at: Option<Timestamp>,
    /// Names and values.
    pub indexes: Vec<(String, String)>,
    /// JSON text.
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    Row(MovedRow),
    Blob {
        sha256: String,
        content: Bytes,
    },
    /// The last one; a stream without it was cut off.
    End(Moved),
}

/// How much was moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub rows: u64,
    pub blobs: u64,
}

/// Rows in any order, blobs in any order, and [`Record::End`]. An error is the last thing that comes.
pub type Records = mpsc::Receiver<Result<Record, StoreError>>;

/// Where an export's records go.
pub type RecordSender = mpsc::Sender<Result<Record, StoreError>>;

impl Moved {
    pub fn count(&mut self, record: &Record) {
        match record {
            Record::Row(_) => self.rows += 1,
            Record::Blob { .. } => self.blobs += 1,
            Record::End(_) => {}
        }
    }

    /// What came must be what was sent.
    pub fn check(self, told: Self) -> Result<Self, StoreError> {
        if self == told {
            return Ok(self);
        }
        Err(StoreError::Invalid(format!(
            "the records do not add up: {} rows and {} blobs came of {} and {}",
            self.rows, self.blobs, told.rows, told.blobs
        )))
    }
}

/// What an import says to a stream that ends too early.
pub fn cut_off() -> StoreError {
    StoreError::Invalid(String::from("the records were cut off before their end"))
}

/// What an import says where there is something already.
pub fn not_empty() -> StoreError {
    StoreError::Invalid(String::from("the store to import into is not empty"))
}
