//! The contract, method by method.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use base::Timestamp;
use bytes::Bytes;
use store::{
    Change, CommitError, Engine, RowId, StoreError,
    engine::{RawBatch, RawPage, RawQuery, Row},
    moving::{Moved, Records},
};
use tokio::sync::broadcast;
use tokio_postgres::types::Type;

use crate::{
    PostgresEngine, blobs,
    call::Question,
    commit::{self, CommitId, Outcome},
    moving, rows,
};

/// Written in an update too: an upsert that changed nothing would not need a disk with room.
const PROBE: &str =
    "INSERT INTO poolhouse.probes (node) VALUES ($1) ON CONFLICT (node) DO UPDATE SET at = now()";
/// A sweep whose answer was lost is not asked again: others sweep too.
const SWEEP: Question = Question {
    first: "SELECT poolhouse.sweep_rows($1, $2, $3, $4)",
    again: "SELECT ARRAY[]::text[] WHERE $1::bigint + $2::bigint + $3::bigint + $4::integer IS NULL",
};

#[async_trait]
impl Engine for PostgresEngine {
    async fn get_many(&self, ids: Vec<RowId>) -> Result<Vec<Option<Row>>, StoreError> {
        rows::get_many(&self.caller, ids, (self.now)()).await
    }

    async fn query(&self, query: RawQuery) -> Result<RawPage, StoreError> {
        rows::query(&self.caller, query, (self.now)()).await
    }

    async fn commit(&self, batch: RawBatch) -> Result<(), CommitError> {
        batch.check()?;
        let id = self.next_id();
        match commit::commit(&self.caller, &batch, id, (self.now)()).await {
            Ok(Outcome::Committed(changes)) => {
                self.tell(changes);
                Ok(())
            }
            Ok(Outcome::Conflict(row)) => Err(CommitError::Conflict(row)),
            Err(unanswered) => {
                if unanswered.perhaps_done {
                    self.doubt(id);
                    self.tell(commit::perhaps_changed(&batch));
                }
                Err(unanswered.error.into())
            }
        }
    }

    async fn partitions(
        &self,
        collection: &'static str,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        rows::partitions(&self.caller, collection, after, limit, (self.now)()).await
    }

    async fn put_blob(&self, sha256: &str, content: Bytes) -> Result<(), StoreError> {
        let upload = crate::random()?;
        blobs::put(&self.caller, sha256, &content, upload, (self.now)()).await
    }

    async fn get_blob(&self, sha256: &str) -> Result<Option<Bytes>, StoreError> {
        blobs::get(&self.caller, sha256).await
    }

    async fn delete_blob(&self, sha256: &str) -> Result<(), StoreError> {
        blobs::delete(&self.caller, sha256, None).await.map(|_| ())
    }

    async fn delete_blob_put_before(&self, sha256: &str, before: Timestamp) -> Result<bool, StoreError> {
        blobs::delete(&self.caller, sha256, Some(before)).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    fn nodes(&self) -> usize {
        self.nodes.load(Ordering::Relaxed)
    }

    async fn sweep(&self, limit: usize) -> Result<usize, StoreError> {
        let CommitId { origin, number } = self.next_id();
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        let now = (self.now)().millis();
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] =
            [(&origin, Type::INT8), (&number, Type::INT8), (&now, Type::INT8), (&most, Type::INT4)];
        let rows = match self.caller.call(&SWEEP, &parameters).await {
            Ok(rows) => rows,
            Err(unanswered) => {
                self.doubt(CommitId { origin, number });
                return Err(unanswered.error);
            }
        };
        // Without a row it was asked twice, and what the first time did is heard of from the database.
        let Some(row) = rows.first() else {
            self.doubt(CommitId { origin, number });
            return Ok(0);
        };
        let swept: Vec<String> = row.try_get(0).map_err(rows::corrupt)?;
        let changes: Vec<Change> = swept
            .chunks_exact(3)
            .filter_map(|triple| match triple {
                [partition, collection, key] => Some(Change {
                    collection: collection.clone(),
                    partition: partition.clone(),
                    key: key.clone(),
                }),
                _ => None,
            })
            .collect();
        let count = changes.len();
        self.tell(changes);
        Ok(count)
    }

    async fn export(&self) -> Result<Records, StoreError> {
        moving::export(&self.caller).await
    }

    async fn import(&self, records: Records) -> Result<Moved, StoreError> {
        let moved = moving::import(&self.caller, records, (self.now)()).await?;
        let _ = self.changes.send(Change::everything());
        Ok(moved)
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.caller.ask(PROBE, &[(&self.node, Type::INT8)]).await.map(|_| ())
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.follower.abort();
        // Not counted any more from now on, rather than in a moment.
        let gone = "DELETE FROM poolhouse.probes WHERE node = $1";
        let _ = self.caller.ask(gone, &[(&self.node, Type::INT8)]).await;
        self.caller.pool.close(self.caller.deadline).await;
        Ok(())
    }
}

impl PostgresEngine {
    fn next_id(&self) -> CommitId {
        CommitId {
            origin: self.origin.load(Ordering::SeqCst),
            number: self.next_number.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Listeners hear of a change before its author does; other nodes soon after.
    fn tell(&self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        for change in changes {
            // An error only says that nobody listens.
            let _ = self.changes.send(change);
        }
        self.hint.notify_one();
    }

    /// It may be done, now or in a moment, without our hearing of it. From now on what came from `id.origin` is heard of
    /// from the database, as if it were another node's; what that repeats does no harm.
    fn doubt(&self, id: CommitId) {
        if let Ok(fresh) = crate::random() {
            let _ = self.origin.compare_exchange(id.origin, fresh, Ordering::SeqCst, Ordering::SeqCst);
        }
    }
}

impl Drop for PostgresEngine {
    fn drop(&mut self) {
        self.follower.abort();
    }
}
