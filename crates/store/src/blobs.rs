//! Large bytes, apart from the rows, by their SHA-256: function packages and bucket objects.

use bytes::Bytes;

use crate::{Store, StoreError};

impl Store {
    /// `sha256` in lower-case hexadecimal, worked out by the caller, who has the hash function.
    pub async fn put_blob(&self, sha256: &str, content: Bytes) -> Result<(), StoreError> {
        self.engine().put_blob(sha256, content).await
    }

    pub async fn get_blob(&self, sha256: &str) -> Result<Option<Bytes>, StoreError> {
        self.engine().get_blob(sha256).await
    }

    pub async fn delete_blob(&self, sha256: &str) -> Result<(), StoreError> {
        self.engine().delete_blob(sha256).await
    }
}
