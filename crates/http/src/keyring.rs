//! The data keys: made at the first start, opened at every other.

use crypto::seal::{MasterKey, SealError, Sealer};
use ports::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use store::{
    Batch, Collection, CommitError, Query, Store, StoreError,
    keyring::{KEYRING, WrappedDataKeyRow},
};

#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The words say which master key the data belongs to.
    #[error("the data keys cannot be opened: {0}")]
    Seal(#[from] SealError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// There is a first data key: nodes that start at once agree on it by this row.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FirstDataKeyRow {
    id: String,
}

impl Collection for FirstDataKeyRow {
    const NAME: &'static str = "first_data_key";

    fn partition(&self) -> &str {
        KEYRING
    }

    fn key(&self) -> String {
        String::from("first")
    }
}

/// Opens the keyring with the master key. A store without one gets its first data key.
pub async fn open(store: &Store, master_key: &MasterKey, rng: &dyn Rng) -> Result<Sealer, KeyringError> {
    let rows = rows(store).await?;
    let rows = if rows.is_empty() { first(store, master_key, rng).await? } else { rows };
    Ok(Sealer::new(master_key, rows.iter().map(|row| (row.id.as_str(), row.wrapped.as_str(), row.current)))?)
}

async fn rows(store: &Store) -> Result<Vec<WrappedDataKeyRow>, StoreError> {
    let rows = store.query_all(Query::<WrappedDataKeyRow>::in_partition(KEYRING)).await?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}

async fn first(
    store: &Store,
    master_key: &MasterKey,
    rng: &dyn Rng,
) -> Result<Vec<WrappedDataKeyRow>, KeyringError> {
    let made = master_key.wrap_new(rng.bytes())?;
    let row = WrappedDataKeyRow { id: made.id, wrapped: made.wrapped, current: true };
    let batch = Batch::new().insert(&FirstDataKeyRow { id: row.id.clone() }).insert(&row);
    match store.commit(batch).await {
        Ok(()) => Ok(vec![row]),
        // Another node was first; its key is ours too.
        Err(CommitError::Conflict(_)) => Ok(rows(store).await?),
        Err(other) => Err(other.into()),
    }
}
