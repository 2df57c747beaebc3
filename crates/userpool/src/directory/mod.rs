//! Pools and clients in memory: every request needs them, and they hardly ever change.

mod client;
mod pool;
mod watch;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crypto::seal::Sealer;
use quick_cache::sync::Cache;
use store::{Store, StoreError};

pub use client::Client;
pub use pool::Pool;
pub(crate) use watch::watch;

use crate::{
    raise::{Raise, ResourceNotFoundException},
    rows::{CLIENT_IDS, ClientIdRow, UserPoolClientRow, UserPoolRow},
};

/// Pools and clients kept in memory at most; the rest is read again when it is asked for.
const KEPT: usize = 10_000;

pub struct Directory {
    store: Store,
    sealer: Sealer,
    pools: Cache<String, Arc<Pool>>,
    clients: Cache<String, Arc<Client>>,
    /// Grows whenever something is dropped, so that a row read before that is not kept after it.
    epoch: AtomicU64,
}

impl Directory {
    pub fn new(store: Store, sealer: Sealer) -> Self {
        Self { store, sealer, pools: Cache::new(KEPT), clients: Cache::new(KEPT), epoch: AtomicU64::new(0) }
    }

    pub async fn find_pool(&self, pool_id: &str) -> Result<Option<Arc<Pool>>, DirectoryError> {
        if let Some(pool) = self.pools.get(pool_id) {
            return Ok(Some(pool));
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let Some(row) = self.store.get::<UserPoolRow>(pool_id, pool_id).await? else { return Ok(None) };
        let pool = Arc::new(Pool::open(row, &self.sealer)?);
        if self.epoch.load(Ordering::Acquire) == epoch {
            self.pools.insert(pool_id.to_owned(), Arc::clone(&pool));
        }
        Ok(Some(pool))
    }

    pub async fn find_client(&self, client_id: &str) -> Result<Option<Arc<Client>>, DirectoryError> {
        if let Some(client) = self.clients.get(client_id) {
            return Ok(Some(client));
        }
        let epoch = self.epoch.load(Ordering::Acquire);
        let Some(id) = self.store.get::<ClientIdRow>(CLIENT_IDS, client_id).await? else { return Ok(None) };
        let Some(row) = self.store.get::<UserPoolClientRow>(&id.value.user_pool_id, client_id).await? else {
            return Ok(None);
        };
        let client = Arc::new(Client::open(row, &self.sealer)?);
        if self.epoch.load(Ordering::Acquire) == epoch {
            self.clients.insert(client_id.to_owned(), Arc::clone(&client));
        }
        Ok(Some(client))
    }

    pub async fn pool<E: From<ResourceNotFoundException>>(
        &self,
        pool_id: &str,
    ) -> Result<Arc<Pool>, Raise<E>> {
        match self.find_pool(pool_id).await? {
            Some(pool) => Ok(pool),
            None => Err(ResourceNotFoundException(format!("User pool {pool_id} does not exist.")).into()),
        }
    }

    /// A client and its pool, from the client's id alone.
    pub async fn client<E: From<ResourceNotFoundException>>(
        &self,
        client_id: &str,
    ) -> Result<(Arc<Pool>, Arc<Client>), Raise<E>> {
        let missing = || ResourceNotFoundException(format!("User pool client {client_id} does not exist."));
        let client = self.find_client(client_id).await?.ok_or_else(missing)?;
        let pool = self.find_pool(&client.row.value.user_pool_id).await?.ok_or_else(missing)?;
        Ok((pool, client))
    }

    /// A client of this pool and no other.
    pub async fn client_of<E: From<ResourceNotFoundException>>(
        &self,
        pool_id: &str,
        client_id: &str,
    ) -> Result<(Arc<Pool>, Arc<Client>), Raise<E>> {
        let pool = self.pool(pool_id).await?;
        match self.find_client(client_id).await? {
            Some(client) if client.row.value.user_pool_id == pool_id => Ok((pool, client)),
            _ => {
                Err(ResourceNotFoundException(format!("User pool client {client_id} does not exist.")).into())
            }
        }
    }

    /// To be called right after a commit that changed the pool; other nodes learn of it by the store's changes.
    pub fn forget_pool(&self, pool_id: &str) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.pools.remove(pool_id);
    }

    pub fn forget_client(&self, client_id: &str) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.clients.remove(client_id);
    }

    pub fn forget_all(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.pools.clear();
        self.clients.clear();
    }
}

#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seal(#[from] crypto::seal::SealError),
}

impl<E> From<DirectoryError> for Raise<E> {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Store(error) => error.into(),
            DirectoryError::Seal(error) => error.into(),
        }
    }
}
