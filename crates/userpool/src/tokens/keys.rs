//! A pool's two signing keys: made once, kept sealed, held in memory while in use.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use crypto::{
    jwk::{PublicKey, SigningKey},
    seal::Sealer,
    workers::Workers,
};
use ports::{Clock, Rng, RngExt};
use quick_cache::sync::Cache;
use serde_json::{Value, json};
use store::{Batch, CommitError, Query, Store};
use tokio::sync::Mutex;

use crate::{
    raise::Raise,
    rows::{KeyUse, SigningKeyRow, sealed},
};

/// Pools whose keys are in memory at once.
const KEPT: usize = 10_000;

#[derive(Clone)]
pub struct Keys(Arc<Held>);

struct Held {
    store: Store,
    sealer: Sealer,
    workers: Workers,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    held: Cache<String, Arc<PoolKeys>>,
    /// Making a key is dear: one pool at a time, and whoever waited finds it made.
    making: Mutex<()>,
}

pub struct PoolKeys {
    pub id: SigningKey,
    pub access: SigningKey,
    verifying: Vec<(String, PublicKey)>,
    /// RFC 7517, section 5.
    pub jwks: Value,
}

impl Keys {
    pub fn new(
        store: Store,
        sealer: Sealer,
        workers: Workers,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        let held = Cache::new(KEPT);
        Self(Arc::new(Held { store, sealer, workers, clock, rng, held, making: Mutex::new(()) }))
    }

    /// Makes the keys of a new pool now, so that the first sign-in need not wait for them.
    pub fn prepare(&self, pool_id: &str) {
        let (keys, pool_id) = (self.clone(), pool_id.to_owned());
        tokio::spawn(async move {
            // Should it fail, the first sign-in tries again.
            if let Err(error) = keys.of::<std::convert::Infallible>(&pool_id).await {
                tracing::warn!(%pool_id, ?error, "a pool's signing keys could not be made yet");
            }
        });
    }

    /// The keys of a pool that is known to exist; made now where they are not there yet.
    pub async fn of<E>(&self, pool_id: &str) -> Result<Arc<PoolKeys>, Raise<E>> {
        if let Some(keys) = self.0.held.get(pool_id) {
            return Ok(keys);
        }
        let _making = self.0.making.lock().await;
        if let Some(keys) = self.0.held.get(pool_id) {
            return Ok(keys);
        }
        let mut rows = self.read(pool_id).await?;
        while rows.len() < KeyUse::BOTH.len() {
            self.make(pool_id).await?;
            rows = self.read(pool_id).await?;
        }
        let keys = Arc::new(self.open(&rows)?);
        self.0.held.insert(pool_id.to_owned(), Arc::clone(&keys));
        Ok(keys)
    }

    pub fn forget(&self, pool_id: &str) {
        self.0.held.remove(pool_id);
    }

    pub fn forget_all(&self) {
        self.0.held.clear();
    }

    async fn read<E>(&self, pool_id: &str) -> Result<Vec<SigningKeyRow>, Raise<E>> {
        let page = self.0.store.query(Query::<SigningKeyRow>::in_partition(pool_id).limit(10)).await?;
        Ok(page.rows.into_iter().map(|row| row.value).collect())
    }

    /// Both keys in one commit; where another node was first, its keys stand.
    async fn make<E>(&self, pool_id: &str) -> Result<(), Raise<E>> {
        let mut batch = Batch::new();
        for key_use in KeyUse::BOTH {
            let kid = STANDARD.encode(self.0.rng.bytes::<32>());
            let name = kid.clone();
            let key = self.0.workers.run(move || SigningKey::generate(name)).await?;
            let pkcs8 = key?.to_pkcs8()?;
            batch = batch.insert(&SigningKeyRow {
                user_pool_id: pool_id.to_owned(),
                key_use,
                private_key: self.0.sealer.seal(&sealed::signing_key(pool_id, &kid), pkcs8.expose())?,
                kid,
                created_at: self.0.clock.now(),
            });
        }
        match self.0.store.commit(batch).await {
            Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn open<E>(&self, rows: &[SigningKeyRow]) -> Result<PoolKeys, Raise<E>> {
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            let pkcs8 =
                self.0.sealer.open(&sealed::signing_key(&row.user_pool_id, &row.kid), &row.private_key)?;
            let key = SigningKey::from_pkcs8(&row.kid, pkcs8.expose())?;
            opened.push((row.key_use, key));
        }
        let jwks = json!({ "keys": opened.iter().map(|(_, key)| json!(key.jwk())).collect::<Vec<_>>() });
        let mut verifying = Vec::with_capacity(opened.len());
        for (_, key) in &opened {
            verifying.push((key.kid().to_owned(), key.public_key()?));
        }
        let mut take = |key_use| {
            let at = opened.iter().position(|(other, _)| *other == key_use);
            at.map(|at| opened.swap_remove(at).1)
        };
        match (take(KeyUse::Id), take(KeyUse::Access)) {
            (Some(id), Some(access)) => Ok(PoolKeys { id, access, verifying, jwks }),
            _ => Err(Raise::Internal(String::from("a pool without both of its signing keys"))),
        }
    }
}

impl PoolKeys {
    pub fn by_kid(&self, kid: &str) -> Option<&PublicKey> {
        self.verifying.iter().find(|(id, _)| id == kid).map(|(_, key)| key)
    }
}
