//! Every compiled stage, held in memory: looked up without a lock, compiled from the store when first asked for, dropped
//! when any node commits a change to it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use arc_swap::ArcSwap;
use store::{Change, Collection, Store, StoreError};

use super::{CompiledStage, compile::compile};
use crate::{
    gateway::Config,
    metrics::Metrics,
    phases::throttle::Buckets,
    rows::{DeploymentRow, RestApiRow, StageRow},
};

type Stages = HashMap<Box<str>, HashMap<Box<str>, Arc<CompiledStage>>>;

#[derive(Default)]
pub struct Tables {
    /// By API, then stage: both can be looked up by borrowed text.
    stages: ArcSwap<Stages>,
    /// Goes up with every change; a table that was read before a change is not kept after it.
    epoch: AtomicU64,
    /// Held for a moment while `stages` is replaced; never by a request that finds its table.
    replacing: Mutex<()>,
    /// One compilation at a time: a thousand requests that find the same table missing build it once.
    compiling: tokio::sync::Mutex<()>,
}

/// How often a compilation is begun again because a change came in between.
const ATTEMPTS: usize = 16;

impl Tables {
    /// `None`: there is no such stage.
    pub async fn get(
        &self,
        store: &Store,
        config: &Config,
        metrics: &Metrics,
        buckets: &Buckets,
        api_id: &str,
        stage: &str,
    ) -> Result<Option<Arc<CompiledStage>>, StoreError> {
        if let Some(found) = self.held(api_id, stage) {
            return Ok(Some(found));
        }
        // A stage that is not there costs one read, and does not wait behind those that are being compiled.
        if store.get::<StageRow>(api_id, stage).await?.is_none() {
            return Ok(None);
        }
        let _turn = self.compiling.lock().await;
        for _ in 0..ATTEMPTS {
            if let Some(found) = self.held(api_id, stage) {
                return Ok(Some(found));
            }
            let epoch = self.epoch.load(Ordering::SeqCst);
            let Some(stage_row) = store.get::<StageRow>(api_id, stage).await? else { return Ok(None) };
            let deployment_id = &stage_row.value.definition.deployment_id;
            let deployment = store.get::<DeploymentRow>(api_id, deployment_id).await?;
            let Some(deployment) = deployment else { return Ok(None) };
            let compiled = Arc::new(compile(config, metrics, buckets, &deployment.value, &stage_row.value));
            if self.keep(epoch, &compiled) {
                return Ok(Some(compiled));
            }
        }
        Err(StoreError::Unavailable(format!("{api_id}/{stage} changes faster than it can be read")))
    }

    fn held(&self, api_id: &str, stage: &str) -> Option<Arc<CompiledStage>> {
        self.stages.load().get(api_id)?.get(stage).cloned()
    }

    fn keep(&self, epoch: u64, compiled: &Arc<CompiledStage>) -> bool {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.epoch.load(Ordering::SeqCst) != epoch {
            return false;
        }
        let mut stages = Stages::clone(&self.stages.load());
        let api = stages.entry(Box::from(compiled.api_id.as_str())).or_default();
        api.insert(Box::from(compiled.stage.as_str()), Arc::clone(compiled));
        self.stages.store(Arc::new(stages));
        true
    }

    /// Drops what is held of an API.
    pub fn drop_api(&self, api_id: &str) {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.epoch.fetch_add(1, Ordering::SeqCst);
        let stages = self.stages.load();
        if stages.contains_key(api_id) {
            let mut stages = Stages::clone(&stages);
            stages.remove(api_id);
            self.stages.store(Arc::new(stages));
        }
    }

    pub fn drop_all(&self) {
        let _replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        self.epoch.fetch_add(1, Ordering::SeqCst);
        self.stages.store(Arc::default());
    }

    /// Whether a change concerns what is held here. Resources, methods and the like do not: they only take effect by a
    /// deployment.
    pub fn concerns(change: &Change) -> bool {
        [RestApiRow::NAME, DeploymentRow::NAME, StageRow::NAME].contains(&change.collection.as_str())
    }
}
