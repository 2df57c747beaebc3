//! The workers of one function version, and who gets them.
//!
//! An invocation takes an idle worker; where there is none it waits a moment for one to come free (a fast function's
//! does, sooner than a new process would start) and then starts its own, up to the limit. Beyond it, a bounded queue;
//! beyond that, `TooManyRequestsException`.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base::Timestamp;
use ports::credentials::TemporaryCredentials;
use tokio::{
    sync::{Mutex as AsyncMutex, OnceCell, OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout},
};

use super::{Fleet, worker::Worker};
use crate::{
    packages::PackageDir,
    rows::{Code, Settings},
    runtimes::Launch,
};

/// The least and the most an invocation waits for a busy worker before it starts one of its own.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(25));

/// What a worker runs.
pub struct Spec {
    pub name: String,
    /// `$LATEST` or a number.
    pub version: String,
    pub settings: Settings,
    pub variables: BTreeMap<String, String>,
    pub package: Arc<PackageDir>,
    pub launch: Launch,
    pub log_group: Arc<str>,
}

/// The same before anything on this machine was made ready for it.
pub struct Plan {
    pub name: String,
    pub version: String,
    pub generation: String,
    pub settings: Settings,
    pub variables: BTreeMap<String, String>,
    pub code: Code,
}

#[derive(Debug, thiserror::Error)]
pub enum NoWorker {
    #[error("every worker is busy and the queue is full")]
    Throttled,
    /// A newer version of the function has taken over; ask again.
    #[error("the function was changed")]
    Retired,
    #[error("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")]
    InvalidEntrypoint,
    #[error("{0}")]
    Failed(String),
}

pub struct Pool {
    plan: Plan,
    fleet: Arc<Fleet>,
    spec: OnceCell<Arc<Spec>>,
    keys: AsyncMutex<Option<(TemporaryCredentials, Timestamp)>>,
    state: Mutex<State>,
    /// A running mean of how long invocations take, in microseconds.
    pace: AtomicU64,
}

/// Workers are boxed: they are handed about a lot, and are large.
#[derive(Default)]
#[allow(clippy::vec_box, reason = "as above")]
struct State {
    idle: Vec<Box<Worker>>,
    live: usize,
    waiting: VecDeque<oneshot::Sender<Box<Worker>>>,
    retired: bool,
}

enum Found {
    Worker(Box<Worker>),
    Seat(Seat),
    Queue(oneshot::Receiver<Box<Worker>>),
}

/// A worker's place among those that may live. Given back when the worker goes.
pub struct Seat {
    pool: Weak<Pool>,
    fleet: Arc<Fleet>,
    /// Held until the worker has started.
    starting: Option<OwnedSemaphorePermit>,
}

impl Seat {
    pub fn started(&mut self) {
        self.starting = None;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.fleet.leave();
        if let Some(pool) = self.pool.upgrade() {
            pool.state().live -= 1;
        }
    }
}

impl Pool {
    pub fn new(plan: Plan, fleet: Arc<Fleet>) -> Arc<Self> {
        let pool = Arc::new(Self {
            plan,
            fleet,
            spec: OnceCell::new(),
            keys: AsyncMutex::default(),
            state: Mutex::default(),
            pace: AtomicU64::new(5_000),
        });
        pool.fleet.add(&pool);
        pool
    }

    pub fn generation(&self) -> &str {
        &self.plan.generation
    }

    pub fn version(&self) -> &str {
        &self.plan.version
    }

    /// A worker for one invocation.
    pub async fn acquire(self: &Arc<Self>) -> Result<Box<Worker>, NoWorker> {
        let mut waiting = match self.look()? {
            Found::Worker(worker) => return Ok(worker),
            Found::Seat(seat) => return self.start(seat).await,
            Found::Queue(waiting) => waiting,
        };
        let patience =
            Duration::from_micros(self.pace.load(Ordering::Relaxed) * 2).clamp(PATIENCE.0, PATIENCE.1);
        let give_up = Instant::now() + self.fleet.limits().queue_deadline;
        loop {
            match timeout(patience, &mut waiting).await {
                Ok(Ok(worker)) => return Ok(worker),
                Ok(Err(_)) => return Err(NoWorker::Retired),
                Err(_) => {
                    self.fleet.make_room(self);
                    let seat = self.seat(&mut self.state());
                    let late = Instant::now() >= give_up;
                    if seat.is_none() && !late {
                        continue;
                    }
                    waiting.close();
                    if let Ok(worker) = waiting.try_recv() {
                        return Ok(worker);
                    }
                    return match seat {
                        Some(seat) => self.start(seat).await,
                        None => Err(NoWorker::Throttled),
                    };
                }
            }
        }
    }

    /// What there is right now for one more invocation.
    fn look(self: &Arc<Self>) -> Result<Found, NoWorker> {
        let now = self.fleet.around().clock.now();
        let mut state = self.state();
        if self.fleet.is_closed() {
            return Err(NoWorker::Failed(String::from("the server is stopping")));
        }
        if state.retired {
            return Err(NoWorker::Retired);
        }
        while let Some(worker) = state.idle.pop() {
            if worker.is_usable() && worker.keys_until > now {
                return Ok(Found::Worker(worker));
            }
            drop(state); // a worker that is thrown away gives back its seat, which takes the lock
            drop(worker);
            state = self.state();
        }
        if state.live == 0
            && let Some(seat) = self.seat(&mut state)
        {
            return Ok(Found::Seat(seat));
        }
        state.waiting.retain(|other| !other.is_closed());
        if state.waiting.len() >= self.fleet.limits().queue {
            return Err(NoWorker::Throttled);
        }
        let (sender, receiver) = oneshot::channel();
        state.waiting.push_back(sender);
        Ok(Found::Queue(receiver))
    }

    /// Gives a worker that has asked for its next event to whoever waits, or keeps it.
    pub fn release(&self, mut worker: Box<Worker>, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let pace = self.pace.load(Ordering::Relaxed);
        self.pace.store(pace - pace / 8 + took / 8, Ordering::Relaxed);
        worker.idle_since = Instant::now();
        let mut state = self.state();
        if !state.retired {
            while let Some(waiting) = state.waiting.pop_front() {
                match waiting.send(worker) {
                    Ok(()) => return,
                    Err(back) => worker = back,
                }
            }
            state.idle.push(worker);
            return;
        }
        drop(state);
        drop(worker);
    }

    /// No new invocations: idle workers go now, busy ones when they are done, and who waits asks again.
    pub fn retire(&self) {
        let (idle, waiting) = {
            let mut state = self.state();
            state.retired = true;
            (std::mem::take(&mut state.idle), std::mem::take(&mut state.waiting))
        };
        drop(waiting);
        drop(idle);
    }

    /// Starts a worker ahead of the first invocation, where none is alive.
    pub fn warm_up(self: &Arc<Self>) {
        let seat = {
            let mut state = self.state();
            if state.retired || state.live > 0 { None } else { self.seat(&mut state) }
        };
        let Some(seat) = seat else { return };
        let pool = Arc::clone(self);
        tokio::spawn(async move {
            match pool.start(seat).await {
                Ok(worker) if worker.is_usable() => pool.release(worker, Duration::from_millis(5)),
                _ => {} // the first invocation will say why
            }
        });
    }

    pub fn has_workers(&self) -> bool {
        self.state().live > 0
    }

    /// Lets idle workers go that nobody used since `before`, that are gone, or whose keys are about to expire.
    pub fn reap(&self, before: Instant, now: Timestamp) {
        let mut gone = Vec::new();
        let mut state = self.state();
        let mut kept = Vec::with_capacity(state.idle.len());
        for worker in state.idle.drain(..) {
            let stays = worker.idle_since > before && worker.keys_until > now && worker.is_usable();
            if stays { kept.push(worker) } else { gone.push(worker) }
        }
        state.idle = kept;
        drop(state);
        drop(gone);
    }

    /// The idle worker that was used longest ago, with the time since when.
    pub fn oldest_idle(&self) -> Option<Instant> {
        self.state().idle.first().map(|worker| worker.idle_since)
    }

    pub fn give_up_oldest(&self) {
        let oldest = {
            let mut state = self.state();
            if state.idle.is_empty() { None } else { Some(state.idle.remove(0)) }
        };
        drop(oldest);
    }

    async fn start(self: &Arc<Self>, seat: Seat) -> Result<Box<Worker>, NoWorker> {
        let spec = self.spec().await?;
        if spec.launch.wants_address && !spec.launch.program.is_file() {
            return Err(NoWorker::InvalidEntrypoint);
        }
        let (keys, until) = self.keys(&spec).await?;
        let around = Arc::clone(self.fleet.around());
        Worker::start(spec, around, &keys, until, seat)
            .await
            .map(Box::new)
            .map_err(|cause| NoWorker::Failed(format!("a worker could not be started: {cause}")))
    }

    async fn spec(&self) -> Result<Arc<Spec>, NoWorker> {
        let made = self.spec.get_or_try_init(|| async {
            let (plan, around) = (&self.plan, self.fleet.around());
            let package = around.packages.unpacked(&plan.code).await.map_err(|cause| cause.to_string())?;
            let settings = plan.settings.clone();
            let launch = around.runtimes.launch(&settings.runtime, settings.memory_mb, package.path()).await;
            let launch = launch.map_err(|cause| cause.to_string())?;
            let log_group = settings.log_group.clone();
            let log_group = log_group.unwrap_or_else(|| format!("/aws/lambda/{}", plan.name));
            Ok::<_, String>(Arc::new(Spec {
                name: plan.name.clone(),
                version: plan.version.clone(),
                settings,
                variables: plan.variables.clone(),
                package,
                launch,
                log_group: log_group.into(),
            }))
        });
        made.await.cloned().map_err(NoWorker::Failed)
    }

    /// The role's keys and until when workers that hold them may be used: a little less than they are good for.
    async fn keys(&self, spec: &Spec) -> Result<(TemporaryCredentials, Timestamp), NoWorker> {
        let around = self.fleet.around();
        let now = around.clock.now();
        let mut held = self.keys.lock().await;
        if let Some((keys, until)) = held.as_ref()
            && now < *until
        {
            return Ok((keys.clone(), *until));
        }
        let keys = around.credentials.assume(&spec.settings.role, &spec.name).await.map_err(|cause| {
            NoWorker::Failed(format!("the role {} cannot be assumed: {cause}", spec.settings.role))
        })?;
        let margin = (keys.expires_at.millis_since(now) / 10).min(300_000);
        let until = keys.expires_at.plus_millis(-margin);
        *held = Some((keys.clone(), until));
        Ok((keys, until))
    }

    /// A place for one more worker, where it may and would help: beyond one for each processor, not while processors are
    /// what is short, and not while as many are starting as there are processors.
    fn seat(self: &Arc<Self>, state: &mut State) -> Option<Seat> {
        let watch = &self.fleet.around().watch;
        let enough = state.live >= watch.processors() && watch.is_saturated();
        let starting = if state.live == 0 { None } else { Some(self.fleet.may_start()?) };
        if state.retired || enough || state.live >= self.fleet.limits().per_function || !self.fleet.enter() {
            return None;
        }
        state.live += 1;
        Some(Seat { pool: Arc::downgrade(self), fleet: Arc::clone(&self.fleet), starting })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
