//! API keys and usage plans: a key opens the stages of the plans it is in, as fast as the plan allows.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwapOption;
use base::Timestamp;
use store::{Query, Store, StoreError};

use crate::{
    payload::context::PresentedKey,
    phases::throttle::{Bucket, Buckets},
    responses::Refusal,
    rows::{ACCOUNT, ApiKeyRow, UsagePlanKeyRow, UsagePlanRow},
};

/// The keys as they are held in memory: read from the store when first asked for, dropped when one changes.
#[derive(Default)]
pub struct KeyTable {
    held: ArcSwapOption<ApiKeys>,
    /// Goes up with every change, so that keys that were read before it are not kept after it.
    epoch: AtomicU64,
    replacing: Mutex<()>,
}

impl KeyTable {
    pub async fn get(&self, store: &Store, buckets: &Buckets) -> Result<Arc<ApiKeys>, StoreError> {
        if let Some(keys) = self.held.load_full() {
            return Ok(keys);
        }
        let epoch = self.epoch.load(Ordering::SeqCst);
        let keys = ApiKeys::load(store, buckets).await?;
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.epoch.load(Ordering::SeqCst) == epoch {
            self.held.store(Some(Arc::clone(&keys)));
        }
        Ok(keys)
    }

    pub fn drop_all(&self) {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.held.store(None);
    }
}

/// Every key there is, by the SHA-256 of its value, so that looking one up tells nothing of the others by its time.
#[derive(Default)]
pub struct ApiKeys {
    keys: HashMap<[u8; 32], Key>,
}

struct Key {
    id: String,
    value: String,
    enabled: bool,
    plans: Vec<Plan>,
}

struct Plan {
    /// API and stage.
    opens: Vec<(String, String)>,
    /// Each key has a bucket of its own in each plan.
    bucket: Option<Arc<Bucket>>,
}

impl ApiKeys {
    async fn load(store: &Store, buckets: &Buckets) -> Result<Arc<Self>, StoreError> {
        let plans = store.query_all(Query::<UsagePlanRow>::in_partition(ACCOUNT)).await?;
        let joins = store.query_all(Query::<UsagePlanKeyRow>::in_partition(ACCOUNT)).await?;
        let rows = store.query_all(Query::<ApiKeyRow>::in_partition(ACCOUNT)).await?;
        let keys = rows.into_iter().map(|row| {
            let row = row.value;
            let own = joins.iter().filter(|join| join.value.key_id == row.id);
            let own =
                own.filter_map(|join| plans.iter().find(|plan| plan.value.id == join.value.usage_plan_id));
            let plans = own.map(|plan| Plan::of(&plan.value, &row.id, buckets)).collect();
            let digest = crypto::digest::sha256(row.value.as_bytes());
            (digest, Key { id: row.id, value: row.value, enabled: row.definition.enabled, plans })
        });
        Ok(Arc::new(Self { keys: keys.collect() }))
    }

    /// The key that `value` is, where it is enabled and in a plan of this stage that has room left.
    pub fn admit(
        &self,
        value: Option<&str>,
        api_id: &str,
        stage: &str,
        now: Timestamp,
        nodes: usize,
    ) -> Result<PresentedKey, Refusal> {
        let key = value.and_then(|value| self.keys.get(&crypto::digest::sha256(value.as_bytes())));
        let key = key.filter(|key| key.enabled).ok_or_else(Refusal::invalid_api_key)?;
        let plan =
            key.plans.iter().find(|plan| plan.opens.iter().any(|(own, at)| own == api_id && at == stage));
        let plan = plan.ok_or_else(Refusal::invalid_api_key)?;
        if plan.bucket.as_ref().is_some_and(|bucket| !bucket.take(now, nodes)) {
            return Err(Refusal::throttled());
        }
        Ok(PresentedKey { id: key.id.clone(), value: key.value.clone() })
    }
}

impl Plan {
    fn of(row: &UsagePlanRow, key_id: &str, buckets: &Buckets) -> Self {
        let opens = row.definition.api_stages.iter().map(|stage| (stage.api_id.clone(), stage.stage.clone()));
        let throttle = row.definition.throttle.as_ref();
        let bucket = throttle.and_then(|throttle| {
            buckets.of(format!("plan/{}/{key_id}", row.id), throttle.rate_limit, throttle.burst_limit)
        });
        Self { opens: opens.collect(), bucket }
    }
}
