//! All workers of all functions on this machine: what they share, how many there may be, and who must go.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use base::Region;
use ports::{Clock, Rng, RoleCredentials};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

use super::{pool::Pool, process::Keeper, vitals::Watch};
use crate::{logs::Sink, packages::Packages, runtimes::Runtimes, sandbox::Sandbox};

const REAP_EVERY: Duration = Duration::from_secs(5);

/// What every worker is started with.
pub struct Surroundings {
    pub region: Region,
    pub endpoint_url: String,
    pub search_path: String,
    pub data_dir: PathBuf,
    pub scratch_root: PathBuf,
    pub init_deadline: Duration,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub credentials: Arc<dyn RoleCredentials>,
    pub packages: Packages,
    pub runtimes: Runtimes,
    pub sandbox: Sandbox,
    pub logs: Arc<Sink>,
    pub keeper: Arc<Keeper>,
    pub watch: Watch,
}

pub struct Limits {
    pub per_function: usize,
    pub in_all: usize,
    pub queue: usize,
    pub queue_deadline: Duration,
    pub idle: Duration,
}

pub struct Fleet {
    around: Arc<Surroundings>,
    limits: Limits,
    live: AtomicUsize,
    starts: Arc<Semaphore>,
    closed: AtomicBool,
    pools: Mutex<Vec<Weak<Pool>>>,
}

impl Fleet {
    pub fn new(around: Surroundings, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            starts: Arc::new(Semaphore::new(around.watch.processors())),
            around: Arc::new(around),
            limits,
            live: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
            pools: Mutex::default(),
        })
    }

    pub fn around(&self) -> &Arc<Surroundings> {
        &self.around
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn live(&self) -> usize {
        self.live.load(Ordering::Relaxed)
    }

    pub fn add(&self, pool: &Arc<Pool>) {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.retain(|pool| pool.strong_count() > 0);
        pools.push(Arc::downgrade(pool));
    }

    pub fn enter(&self) -> bool {
        let most = self.limits.in_all;
        self.live
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |live| (live < most).then_some(live + 1))
            .is_ok()
    }

    /// Starting costs a processor: as many at once as there are.
    pub fn may_start(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.starts).try_acquire_owned().ok()
    }

    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub fn leave(&self) {
        self.live.fetch_sub(1, Ordering::Relaxed);
    }

    /// Where all seats are taken, the worker of another function that was idle longest goes.
    pub fn make_room(&self, asking: &Arc<Pool>) {
        if self.live() < self.limits.in_all {
            return;
        }
        let oldest = self
            .pools()
            .into_iter()
            .filter(|pool| !Arc::ptr_eq(pool, asking))
            .filter_map(|pool| pool.oldest_idle().map(|since| (since, pool)))
            .min_by_key(|(since, _)| *since);
        if let Some((_, pool)) = oldest {
            pool.give_up_oldest();
        }
    }

    /// Lets go of what nobody uses, and kills what grew too large, until it is dropped.
    pub async fn look_after(self: Arc<Self>) {
        let reap = async {
            let mut beat = tokio::time::interval(REAP_EVERY.min(self.limits.idle));
            loop {
                beat.tick().await;
                let now = self.around.clock.now();
                if let Some(before) = Instant::now().checked_sub(self.limits.idle) {
                    self.pools().iter().for_each(|pool| pool.reap(before, now));
                }
            }
        };
        tokio::join!(reap, self.around.watch.keep_looking());
    }

    /// Every worker goes.
    pub async fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.pools().iter().for_each(|pool| pool.retire());
        self.around.keeper.close().await;
    }

    fn pools(&self) -> Vec<Arc<Pool>> {
        let pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        pools.iter().filter_map(Weak::upgrade).collect()
    }
}
