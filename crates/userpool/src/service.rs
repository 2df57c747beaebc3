//! What every operation works with, and the room's door for other rooms.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use base::AwsError;
use crypto::{
    seal::Sealer,
    workers::{Busy, Workers},
};
use ports::{Clock, Invoke, Rng};
use store::Store;
use tokio::task::JoinHandle;

use crate::{
    config::{Config, Parts},
    directory::{self, Client, Directory, Pool},
    messages::Outbox,
    purge,
    raise::Raise,
    rows::{DOMAINS, DomainRow, UserRow},
    tokens::{Keys, PoolTokens, StoreVerifier},
    users,
};

/// Handed to each operation.
pub struct Service {
    pub config: Config,
    pub store: Store,
    pub sealer: Sealer,
    pub workers: Workers,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub invoke: Arc<dyn Invoke>,
    pub directory: Directory,
    pub keys: Keys,
    pub outbox: Outbox,
    /// How much work was given to the workers: a password looked at, a step of SRP, the signatures of a sign-in.
    pub heavy_runs: AtomicU64,
}

impl Service {
    /// Heavy cryptography, off the threads that answer requests. Busy where too much of it waits already.
    pub async fn heavy<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Busy> {
        self.heavy_runs.fetch_add(1, Ordering::Relaxed);
        self.workers.run(work).await
    }
}

/// The user pools of this server. Cheap to clone; what runs in the background ends with the last clone.
#[derive(Clone)]
pub struct UserPools {
    service: Arc<Service>,
    _background: Arc<Background>,
}

struct Background(Vec<JoinHandle<()>>);

impl Drop for Background {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl UserPools {
    /// Within a Tokio runtime: watches the store for changes and sends the messages that wait.
    pub fn open(parts: Parts) -> Self {
        let Parts { config, store, sealer, workers, clock, rng, invoke, mail, text_message } = parts;
        let directory = Directory::new(store.clone(), sealer.clone());
        let keys =
            Keys::new(store.clone(), sealer.clone(), workers.clone(), Arc::clone(&clock), Arc::clone(&rng));
        let outbox = Outbox::new(store.clone(), sealer.clone(), Arc::clone(&clock), mail, text_message);
        let changes = store.changes();
        let service = Arc::new(Service {
            config,
            store,
            sealer,
            workers,
            clock,
            rng,
            invoke,
            directory,
            keys,
            outbox: outbox.clone(),
            heavy_runs: AtomicU64::new(0),
        });
        let watching = tokio::spawn(directory::watch(Arc::downgrade(&service), changes));
        let sending = tokio::spawn(outbox.run());
        let purging = tokio::spawn(purge::resume(service.store.clone()));
        Self { service, _background: Arc::new(Background(vec![watching, sending, purging])) }
    }

    pub(crate) fn service(&self) -> &Arc<Service> {
        &self.service
    }

    /// What an API's authorizer asks about tokens.
    pub fn tokens(&self) -> PoolTokens {
        PoolTokens::new(Arc::new(StoreVerifier { service: Arc::downgrade(&self.service) }))
    }

    pub async fn find_pool(&self, pool_id: &str) -> Result<Option<Arc<Pool>>, AwsError> {
        let found = self.service.directory.find_pool(pool_id).await;
        found.map_err(|error| Raise::<facts::WireError>::from(error).into_aws())
    }

    pub async fn find_client(&self, client_id: &str) -> Result<Option<Arc<Client>>, AwsError> {
        let found = self.service.directory.find_client(client_id).await;
        found.map_err(|error| Raise::<facts::WireError>::from(error).into_aws())
    }

    /// Someone by any name they sign in with, for the pages.
    pub async fn find_user(&self, pool_id: &str, name: &str) -> Result<Option<UserRow>, AwsError> {
        let found = async {
            let Some(pool) = self.service.directory.find_pool(pool_id).await? else { return Ok(None) };
            Ok(users::find(&self.service.store, &pool, name).await?.map(|user| user.value))
        };
        found.await.map_err(Raise::<facts::WireError>::into_aws)
    }

    /// The pool that serves hosted pages under `domain`: a prefix, or a custom domain's host name.
    pub async fn find_domain(&self, domain: &str) -> Result<Option<DomainRow>, AwsError> {
        let found = self.service.store.get::<DomainRow>(DOMAINS, domain).await;
        let found = found.map_err(|error| Raise::<facts::WireError>::from(error).into_aws())?;
        Ok(found.map(|row| row.value))
    }
}

#[cfg(test)]
mod tests {
    use crate::test_support::{PASSWORD, World};

    #[tokio::test(flavor = "multi_thread")]
    async fn when_the_workers_are_full_the_answer_comes_at_once() {
        let world = World::with_workers(1, 1).await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let (begun, wait) = std::sync::mpsc::channel();
        let (go, held) = std::sync::mpsc::channel::<()>();
        let workers = world.pools.service().workers.clone();
        let busy = workers.clone();
        let first = tokio::spawn(async move {
            busy.run(move || {
                begun.send(()).unwrap();
                held.recv().unwrap();
            })
            .await
        });
        wait.recv().unwrap();
        let second = tokio::spawn(async move { workers.run(|| ()).await });
        while world.pools.service().workers.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        let refused = world.password_auth(&client, "anna", PASSWORD).await.unwrap_err();
        assert_eq!(refused.to_string(), "TooManyRequestsException: Rate exceeded");
        go.send(()).unwrap();
        first.await.unwrap().unwrap();
        second.await.unwrap().unwrap();
        world.password_auth(&client, "anna", PASSWORD).await.unwrap();
    }
}
