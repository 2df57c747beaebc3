//! Keeping a log group within what it may hold: when it has grown by an eighth of that, it is measured, and its oldest
//! events go until an eighth is free again.

use std::{sync::Arc, time::Duration};

use store::{Batch, Query, StoreError};

use super::{Logs, rows::LogChunkRow};

const LOOK_EVERY: Duration = Duration::from_secs(10);
const ROWS: usize = 50;

impl Logs {
    /// Until it is dropped.
    pub async fn keep_tidy(self: Arc<Self>) {
        let mut beat = tokio::time::interval(LOOK_EVERY);
        loop {
            beat.tick().await;
            self.tidy().await;
        }
    }

    pub(crate) async fn tidy(&self) {
        for group in self.sink.grown(self.bytes_per_group / 8) {
            if let Err(cause) = self.trim(&group).await {
                tracing::warn!(group, %cause, "a log group could not be trimmed");
            }
        }
    }

    async fn trim(&self, group: &str) -> Result<(), StoreError> {
        let mut stored = 0;
        let mut query = Query::<LogChunkRow>::in_partition(group).limit(ROWS);
        loop {
            let page = self.store.query(query.clone()).await?;
            stored += page.rows.iter().map(|chunk| chunk.value.bytes).sum::<u64>();
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => break,
            }
        }
        if stored <= self.bytes_per_group {
            return Ok(());
        }
        let wanted = self.bytes_per_group / 8 * 7;
        while stored > wanted {
            let page = self.store.query(Query::<LogChunkRow>::in_partition(group).limit(ROWS)).await?;
            let mut batch = Batch::new();
            for chunk in page.rows {
                if stored <= wanted {
                    break;
                }
                stored = stored.saturating_sub(chunk.value.bytes);
                batch = batch.delete::<LogChunkRow>(group, &store::Collection::key(&chunk.value));
            }
            if batch.is_empty() {
                break;
            }
            self.store.commit(batch).await.map_err(|cause| StoreError::Unavailable(cause.to_string()))?;
        }
        tracing::info!(group, "the oldest log events went: the group holds as much as it may");
        Ok(())
    }
}
