//! The contract, method by method.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use base::Timestamp;
use bytes::Bytes;
use store::{
    Change, CommitError, Engine, RowId, StoreError,
    engine::{RawBatch, RawPage, RawQuery, Row},
    moving::{Moved, RECORDS_AHEAD, Record, Records, cut_off},
};
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{SqliteEngine, moving, rows, writer::Work};

/// For moving house, which takes as long as it takes.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

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

    async fn export(&self) -> Result<Records, StoreError> {
        let (sender, records) = mpsc::channel(RECORDS_AHEAD);
        let (begin, begun) = oneshot::channel();
        let (readers, blobs) = (self.readers.clone(), self.blobs.clone());
        tokio::spawn(async move {
            let told = sender.clone();
            let job = move |connection: &mut _| moving::export(connection, &blobs, &sender, begin);
            if let Err(cause) = readers.read(LONG, job).await {
                let _ = told.send(Err(cause)).await;
            }
        });
        // Where it did not begin, the records say why.
        let _ = begun.await;
        Ok(records)
    }

    async fn import(&self, mut records: Records) -> Result<Moved, StoreError> {
        let (rows, incoming) = mpsc::channel(RECORDS_AHEAD);
        let work = Work::Import(Mutex::new(Some(incoming)));
        // Gives up by dropping `rows`, which the writer takes for a cut, and then says why it did.
        let hand_over = async move {
            let mut moved = Moved::default();
            loop {
                let record = records.recv().await.ok_or_else(cut_off)??;
                moved.count(&record);
                let row = match record {
                    Record::Row(row) => Some(row),
                    Record::Blob { sha256, content } => {
                        self.put_blob(&sha256, content).await?;
                        continue;
                    }
                    Record::End(told) => {
                        moved.check(told)?;
                        None
                    }
                };
                let is_end = row.is_none();
                // The writer has stopped listening; it says why.
                if rows.send(row).await.is_err() || is_end {
                    return Ok::<Moved, StoreError>(moved);
                }
            }
        };
        let (moved, written) = tokio::join!(hand_over, self.writer.write(work, LONG));
        let moved = moved?;
        written.map_err(store_error)?;
        Ok(moved)
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
