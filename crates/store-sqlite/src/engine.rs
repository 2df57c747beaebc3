//! The contract, method by method.

use async_trait::async_trait;
use base::Timestamp;
use bytes::Bytes;
use store::{
    Change, CommitError, Engine, RowId, StoreError,
    engine::{RawBatch, RawPage, RawQuery, Row},
};
use tokio::sync::broadcast;

use crate::{SqliteEngine, rows, writer::Work};

#[async_trait]
impl Engine for SqliteEngine {
    async fn get_many(&self, ids: Vec<RowId>) -> Result<Vec<Option<Row>>, StoreError> {
        let now = (self.now)();
        self.readers.read(self.deadline, move |connection| rows::get_many(connection, ids, now)).await
    }

    async fn query(&self, query: RawQuery) -> Result<RawPage, StoreError> {
        let now = (self.now)();
        self.readers.read(self.deadline, move |connection| rows::query(connection, query, now)).await
    }

    async fn commit(&self, batch: RawBatch) -> Result<(), CommitError> {
        batch.check()?;
        self.writer.write(Work::Commit(batch), self.deadline).await.map(|_| ())
    }

    async fn partitions(
        &self,
        collection: &'static str,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        let now = (self.now)();
        self.readers
            .read(self.deadline, move |connection| {
                rows::partitions(connection, collection, after, limit, now)
            })
            .await
    }

    async fn put_blob(&self, sha256: &str, content: Bytes) -> Result<(), StoreError> {
        let (blobs, name) = (self.blobs.clone(), sha256.to_owned());
        on_a_blocking_thread(move || blobs.put(&name, &content)).await
    }

    async fn get_blob(&self, sha256: &str) -> Result<Option<Bytes>, StoreError> {
        let (blobs, name) = (self.blobs.clone(), sha256.to_owned());
        on_a_blocking_thread(move || blobs.get(&name)).await
    }

    async fn delete_blob(&self, sha256: &str) -> Result<(), StoreError> {
        let (blobs, name) = (self.blobs.clone(), sha256.to_owned());
        on_a_blocking_thread(move || blobs.delete(&name, None)).await.map(|_| ())
    }

    async fn delete_blob_put_before(&self, sha256: &str, before: Timestamp) -> Result<bool, StoreError> {
        let (blobs, name) = (self.blobs.clone(), sha256.to_owned());
        on_a_blocking_thread(move || blobs.delete(&name, Some(before))).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        self.writer.write(Work::Sweep(limit), self.deadline).await.map_err(store_error)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.partitions("", None, 1).await?;
        self.writer.write(Work::Probe, self.deadline).await.map(|_| ()).map_err(store_error)
    }

    async fn close(&self) -> Result<(), StoreError> {
        let (readers, writer) = (self.readers.clone(), self.writer.clone());
        on_a_blocking_thread(move || {
            // Readers first: the last connection to go empties the log.
            readers.stop();
            writer.stop();
            Ok(())
        })
        .await
    }
}

fn store_error(error: CommitError) -> StoreError {
    match error {
        CommitError::Store(cause) => cause,
        other => StoreError::Invalid(other.to_string()),
    }
}

/// Large files take as long as they take; callers bound them by their size.
async fn on_a_blocking_thread<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(job).await {
        Ok(outcome) => outcome,
        Err(cause) => Err(StoreError::Unavailable(cause.to_string())),
    }
}
