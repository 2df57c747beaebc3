//! One atomic change to the store, and how it can fail.

use crate::{
    Collection, StoreError, Versioned,
    engine::{Expectation, PutRow, RawBatch, RowId},
};

#[derive(Clone, Debug, thiserror::Error)]
pub enum CommitError {
    /// An expectation did not hold; nothing was written. Read again and decide again.
    #[error("{}/{}/{} is not what the batch expected", .0.collection, .0.partition, .0.key)]
    Conflict(RowId),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row's body could not be written as JSON.
    #[error("a row could not be written: {0}")]
    Unwritable(String),
}

/// What to expect, put and delete, together. Built by value:
/// `Batch::new().expect(&read).put(&changed).insert(&fresh)`.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    raw: RawBatch,
    unwritable: Option<String>,
}

impl Batch {
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing else may have written the row since it was read.
    #[must_use]
    pub fn expect<T: Collection>(mut self, read: &Versioned<T>) -> Self {
        self.raw.expect.push(Expectation::Version(row_id(&read.value), read.version));
        self
    }

    #[must_use]
    pub fn expect_absent<T: Collection>(mut self, partition: &str, key: &str) -> Self {
        self.raw.expect.push(Expectation::Absent(id_of::<T>(partition, key)));
        self
    }

    /// Writes the row, whatever was there.
    #[must_use]
    pub fn put<T: Collection>(mut self, value: &T) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => self.raw.put.push(PutRow {
                id: row_id(value),
                body,
                expires_at: value.expires_at(),
                indexes: value.indexes(),
            }),
            Err(cause) => self.unwritable = Some(format!("{}: {cause}", T::NAME)),
        }
        self
    }

    /// `expect_absent` and `put`: makes a row that must not be there yet.
    #[must_use]
    pub fn insert<T: Collection>(self, value: &T) -> Self {
        self.expect_absent::<T>(value.partition(), &value.key()).put(value)
    }

    /// `expect` and `put`: writes `value` in the place of what was read. Partition and key must be the same.
    #[must_use]
    pub fn replace<T: Collection>(self, read: &Versioned<T>, value: &T) -> Self {
        self.expect(read).put(value)
    }

    #[must_use]
    pub fn delete<T: Collection>(mut self, partition: &str, key: &str) -> Self {
        self.raw.delete.push(id_of::<T>(partition, key));
        self
    }

    /// `expect` and `delete`: takes away what was read, once.
    #[must_use]
    pub fn spend<T: Collection>(mut self, read: &Versioned<T>) -> Self {
        self.raw.expect.push(Expectation::Version(row_id(&read.value), read.version));
        self.raw.delete.push(row_id(&read.value));
        self
    }

    /// Everything of `other` too.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.raw.expect.extend(other.raw.expect);
        self.raw.put.extend(other.raw.put);
        self.raw.delete.extend(other.raw.delete);
        self.unwritable = self.unwritable.or(other.unwritable);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.raw.expect.is_empty() && self.raw.put.is_empty() && self.raw.delete.is_empty()
    }

    pub(crate) fn into_raw(self) -> Result<RawBatch, CommitError> {
        match self.unwritable {
            Some(cause) => Err(CommitError::Unwritable(cause)),
            None => Ok(self.raw),
        }
    }
}

fn row_id<T: Collection>(value: &T) -> RowId {
    id_of::<T>(value.partition(), &value.key())
}

fn id_of<T: Collection>(partition: &str, key: &str) -> RowId {
    RowId { collection: T::NAME, partition: partition.to_owned(), key: key.to_owned() }
}
