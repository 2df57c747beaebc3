//! Sweeps away what a deleted pool leaves behind, page by page, and again at the next start where it was cut off.

use serde::{Deserialize, Serialize};
use store::{Batch, Collection, CommitError, Query, Store, StoreError};

use crate::rows::{AliasRow, AttemptsRow, CodeRow, RefreshFamilyRow, SigningKeyRow, SpentSession, UserRow};

/// The one partition of [`PurgeRow`].
const PURGES: &str = "purges";
const PAGE: usize = 500;

/// A pool that is gone and whose rows are on their way out.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PurgeRow {
    user_pool_id: String,
}

impl Collection for PurgeRow {
    const NAME: &'static str = "user_pool_purge";

    fn partition(&self) -> &str {
        PURGES
    }

    fn key(&self) -> String {
        self.user_pool_id.clone()
    }
}

/// To be committed with the pool's end.
pub fn due(pool_id: &str) -> Batch {
    Batch::new().put(&PurgeRow { user_pool_id: pool_id.to_owned() })
}

pub async fn pool(store: &Store, pool_id: &str) -> Result<(), CommitError> {
    empty::<UserRow>(store, pool_id).await?;
    empty::<AliasRow>(store, pool_id).await?;
    empty::<CodeRow>(store, pool_id).await?;
    empty::<RefreshFamilyRow>(store, pool_id).await?;
    empty::<SpentSession>(store, pool_id).await?;
    empty::<AttemptsRow>(store, pool_id).await?;
    empty::<SigningKeyRow>(store, pool_id).await?;
    store.commit(Batch::new().delete::<PurgeRow>(PURGES, pool_id)).await
}

/// Takes up what an earlier process did not finish.
pub async fn resume(store: Store) {
    let left: Result<_, StoreError> = store.query_all(Query::<PurgeRow>::in_partition(PURGES)).await;
    let left = match left {
        Ok(left) => left,
        Err(error) => {
            return tracing::warn!(%error, "deleted pools could not be looked for; they wait for the next start");
        }
    };
    for row in left {
        if let Err(error) = pool(&store, &row.value.user_pool_id).await {
            tracing::warn!(%error, pool = row.value.user_pool_id, "what a deleted pool left waits for the next start");
        }
    }
}

async fn empty<T: Collection>(store: &Store, partition: &str) -> Result<(), CommitError> {
    loop {
        let page = store.query(Query::<T>::in_partition(partition).limit(PAGE)).await?;
        if page.rows.is_empty() {
            return Ok(());
        }
        let batch =
            page.rows.iter().fold(Batch::new(), |batch, row| batch.delete::<T>(partition, &row.value.key()));
        store.commit(batch).await?;
    }
}
