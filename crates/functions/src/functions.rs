//! The room itself: opened, called, closed.

use std::{collections::HashSet, io, sync::Arc, time::Duration};

use base::{AwsError, Boxed, Caller};
use ports::{Clock, Rng, RngExt};
use serde_json::Value;
use store::{Query, Store, StoreError};
use tokio::{sync::broadcast, task::JoinHandle};

use crate::{
    catalog::Catalog,
    invoke::queue::EventQueue,
    logs::{LiveLogEvent, Logs},
    packages::Packages,
    parts::{CodeSource, Config, Parts, Seal},
    rows::{FunctionRow, VersionRow},
    runtimes::Runtimes,
    sandbox::Sandbox,
    workers::{Fleet, Limits, Surroundings, keeper},
};

const SWEEP_EVERY: Duration = Duration::from_secs(600);

/// Functions of one server. Cheap to clone; the last one to go ends every worker.
#[derive(Clone)]
pub struct Functions {
    inner: Arc<Inner>,
    _tasks: Arc<Tasks>,
}

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder {0} cannot be used for functions: {1}")]
    Folder(String, #[source] io::Error),
    #[error(
        "the data folder {0} lies in a system folder that functions may read; choose another place for it"
    )]
    Exposed(String),
    #[error("no thread could be started: {0}")]
    Thread(#[source] io::Error),
}

pub struct Inner {
    pub config: Config,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub code: Arc<dyn CodeSource>,
    pub seal: Arc<dyn Seal>,
    pub fleet: Arc<Fleet>,
    pub catalog: Catalog,
    pub logs: Arc<Logs>,
    pub queue: EventQueue,
}

/// What runs beside the calls. Ends with the room.
struct Tasks(Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Functions {
    /// Makes the folders, looks at what this machine offers, and takes up asynchronous events that were left over. Must
    /// be called inside a tokio runtime.
    pub fn open(parts: Parts) -> Result<Self, OpenError> {
        let Parts { config, store, clock, rng, credentials, code, seal } = parts;
        let folder = |name: &str| {
            let path = config.data_dir.join(name);
            std::fs::create_dir_all(&path)
                .map(|()| path.clone())
                .map_err(|cause| OpenError::Folder(path.display().to_string(), cause))
        };
        let at = |path: &std::path::Path, cause| OpenError::Folder(path.display().to_string(), cause);
        let scratch_root = folder("scratch")?;
        clear(&scratch_root).map_err(|cause| at(&scratch_root, cause))?;
        let data_dir = config.data_dir.canonicalize().map_err(|cause| at(&config.data_dir, cause))?;
        if crate::sandbox::SYSTEM_READABLE.iter().any(|readable| data_dir.starts_with(readable)) {
            return Err(OpenError::Exposed(data_dir.display().to_string()));
        }
        crate::sandbox::end_leftovers(&data_dir);
        let package_root = folder("packages")?;
        let packages =
            Packages::open(package_root.clone(), store.clone()).map_err(|cause| at(&package_root, cause))?;
        let runtime_root = folder("runtimes")?;
        let runtimes = Runtimes::open(runtime_root.clone(), &config.search_path)
            .map_err(|cause| at(&runtime_root, cause))?;
        let logs = Arc::new(Logs::new(
            store.clone(),
            Arc::clone(&clock),
            Arc::clone(&rng),
            config.region.clone(),
            config.account.clone(),
            config.log_bytes_per_group,
        ));
        let surroundings = Surroundings {
            region: config.region.clone(),
            endpoint_url: config.endpoint_url.clone(),
            search_path: config.search_path.clone(),
            sandbox: Sandbox::open(&data_dir),
            data_dir,
            scratch_root,
            init_deadline: config.init_deadline,
            clock: Arc::clone(&clock),
            rng: Arc::clone(&rng),
            credentials,
            packages,
            runtimes,
            logs: Arc::clone(logs.sink()),
            keeper: keeper().map_err(OpenError::Thread)?,
            watch: crate::workers::Watch::default(),
        };
        let limits = Limits {
            per_function: config.max_workers_per_function.max(1),
            in_all: config.max_workers.max(1),
            queue: config.queue_per_function,
            queue_deadline: config.queue_deadline,
            idle: config.idle,
        };
        let fleet = Fleet::new(surroundings, limits);
        let catalog = Catalog::new(
            store.clone(),
            Arc::clone(&fleet),
            Arc::clone(&seal),
            Arc::clone(&rng),
            config.region.clone(),
            config.account.clone(),
        );
        let queue = EventQueue::new(rng.string(base::ids::LOWER_ALPHANUMERIC, 16));
        let inner = Arc::new(Inner { config, store, clock, rng, code, seal, fleet, catalog, logs, queue });
        let tasks = Tasks(vec![
            tokio::spawn(Arc::clone(&inner.fleet).look_after()),
            tokio::spawn(Arc::clone(inner.logs.sink()).keep_writing()),
            tokio::spawn(Arc::clone(&inner.logs).keep_tidy()),
            tokio::spawn(Arc::clone(&inner).keep_queue()),
            tokio::spawn(Arc::clone(&inner).keep_current()),
            tokio::spawn(Arc::clone(&inner).keep_swept()),
        ]);
        Ok(Self { inner, _tasks: Arc::new(tasks) })
    }

    /// One operation of Lambda's API. Signature and the caller's own policy were checked before.
    pub fn call<'a>(
        &'a self,
        operation: &'a str,
        caller: &'a Caller,
        input: Value,
    ) -> Boxed<'a, Result<Value, AwsError>> {
        Box::pin(self.inner.call(operation, caller, input))
    }

    /// One operation of CloudWatch Logs' API.
    pub fn call_logs<'a>(
        &'a self,
        operation: &'a str,
        caller: &'a Caller,
        input: Value,
    ) -> Boxed<'a, Result<Value, AwsError>> {
        Box::pin(self.inner.logs.call(operation, caller, input))
    }

    /// Log events of all functions on this machine from now on, as they are printed. A follower that lags loses the
    /// oldest.
    pub fn follow_logs(&self) -> broadcast::Receiver<Arc<LiveLogEvent>> {
        self.inner.logs.sink().follow()
    }

    /// Writes out the log events that are still in memory.
    pub async fn flush_logs(&self) {
        self.inner.logs.sink().write_all().await;
    }

    /// Worker processes alive now.
    pub fn workers(&self) -> usize {
        self.inner.fleet.live()
    }

    /// Ends every worker and writes out the last log events.
    pub async fn close(&self) {
        self.inner.catalog.forget_all();
        self.inner.fleet.close().await;
        self.flush_logs().await;
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Inner {
    /// Forgets what another call or node has changed, until it is dropped.
    async fn keep_current(self: Arc<Self>) {
        let mut changes = self.store.changes();
        loop {
            match changes.recv().await {
                Ok(change) => match change.collection.as_str() {
                    "lambda_function" | "lambda_version" => {
                        if let Err(cause) = self.catalog.follow_up(&change.partition).await {
                            tracing::warn!(function = change.partition, %cause, "a change could not be followed");
                        }
                    }
                    "lambda_alias" | "lambda_policy" => self.catalog.forget(&change.partition),
                    "log_group" => self.logs.sink().forget_group(&change.key),
                    _ => {}
                },
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    self.catalog.forget_all();
                    self.logs.sink().forget_all_groups();
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    /// Deletes packages that nobody uses any more, until it is dropped.
    async fn keep_swept(self: Arc<Self>) {
        let mut beat = tokio::time::interval(SWEEP_EVERY);
        loop {
            beat.tick().await;
            if let Err(cause) = self.sweep().await {
                tracing::warn!(%cause, "unused packages could not be swept");
            }
        }
    }

    async fn sweep(&self) -> Result<(), StoreError> {
        let mut in_use = HashSet::new();
        for function in self.store.scan::<FunctionRow>().await? {
            let versions = Query::<VersionRow>::in_partition(&function.value.name);
            let versions = self.store.query_all(versions).await?;
            in_use.extend(versions.into_iter().map(|version| version.value.code.sha256));
            in_use.insert(function.value.code.sha256);
        }
        self.fleet.around().packages.sweep(&in_use).await;
        Ok(())
    }
}

/// Empties the folder that an earlier life's workers wrote to.
fn clear(folder: &std::path::Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)?.flatten() {
        std::fs::remove_dir_all(entry.path())?;
    }
    Ok(())
}
