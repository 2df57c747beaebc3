//! A few connections that calls take turns with.
//!
//! Small and our own, because what matters here is what happens when things go wrong: who waits is bounded in number and
//! time; a connection whose server fell silent is closed, not returned; and after a failover none of the old ones is
//! handed out again.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, timeout, timeout_at},
};

use crate::connect::{Connection, Connector};

pub(crate) struct Pool {
    pub connector: Arc<Connector>,
    idle: Mutex<Vec<Idle>>,
    turns: Semaphore,
    size: u32,
    waiting: AtomicUsize,
    most_waiting: usize,
    /// Grows when the server behind the connections is found to be gone; those from before are not used again.
    generation: AtomicU64,
    closed: AtomicBool,
}

struct Idle {
    connection: Connection,
    generation: u64,
}

/// Why there is no connection.
pub(crate) enum Without {
    /// Closed, too many callers, or out of time: for good.
    Refused(&'static str),
    /// No server could be reached just now.
    Away(String),
}

/// A connection, for one call. Dropped, it goes back.
pub(crate) struct Taken<'p> {
    pool: &'p Pool,
    connection: Option<Connection>,
    generation: u64,
    _turn: SemaphorePermit<'p>,
}

impl Pool {
    pub fn new(connector: Arc<Connector>, size: usize, most_waiting: usize) -> Self {
        let size = u32::try_from(size.max(1)).unwrap_or(u32::MAX);
        Self {
            connector,
            idle: Mutex::default(),
            turns: Semaphore::new(size as usize),
            size,
            waiting: AtomicUsize::new(0),
            most_waiting,
            generation: AtomicU64::new(0),
            closed: AtomicBool::new(false),
        }
    }

    pub async fn take(&self, give_up: Instant) -> Result<Taken<'_>, Without> {
        let turn = self.turn(give_up).await?;
        if self.closed.load(Ordering::SeqCst) {
            return Err(Without::Refused("it is closed"));
        }
        let generation = self.generation.load(Ordering::SeqCst);
        let taken = |connection| Taken { pool: self, connection: Some(connection), generation, _turn: turn };
        while let Some(idle) = self.lock().pop() {
            if idle.generation == generation && !idle.connection.client.is_closed() {
                return Ok(taken(idle.connection));
            }
        }
        match timeout_at(give_up, self.connector.connect()).await {
            Ok(Ok(connection)) => Ok(taken(connection)),
            Ok(Err(text)) => Err(Without::Away(text)),
            Err(_) => Err(Without::Away(String::from("no connection in time"))),
        }
    }

    async fn turn(&self, give_up: Instant) -> Result<SemaphorePermit<'_>, Without> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Without::Refused("it is closed"));
        }
        if let Ok(turn) = self.turns.try_acquire() {
            return Ok(turn);
        }
        let _place = Place::take(self).ok_or(Without::Refused("too many calls are waiting"))?;
        match timeout_at(give_up, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(_)) => Err(Without::Refused("it is closed")),
            Err(_) => Err(Without::Refused("no connection was free in time")),
        }
    }

    /// The server is gone, or is not the one that writes any more.
    pub fn forget_all(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
        for idle in std::mem::take(&mut *self.lock()) {
            idle.connection.abandon();
        }
    }

    /// Lets what was begun end, for so long at most.
    pub async fn close(&self, patience: Duration) {
        self.closed.store(true, Ordering::SeqCst);
        let _ = timeout(patience, self.turns.acquire_many(self.size)).await;
        self.turns.close();
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken<'_> {
    pub fn connection(&self) -> Option<&Connection> {
        self.connection.as_ref()
    }

    /// Closes it, and has the others of its time closed too.
    pub fn abandon(mut self) {
        if let Some(connection) = self.connection.take() {
            connection.abandon();
        }
        if self.generation == self.pool.generation.load(Ordering::SeqCst) {
            self.pool.forget_all();
        }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && !connection.client.is_closed()
            && !self.pool.closed.load(Ordering::SeqCst)
        {
            self.pool.lock().push(Idle { connection, generation: self.generation });
        }
    }
}

/// A place among those who wait.
struct Place<'p>(&'p Pool);

impl<'p> Place<'p> {
    fn take(pool: &'p Pool) -> Option<Self> {
        let place = Self(pool);
        (pool.waiting.fetch_add(1, Ordering::SeqCst) < pool.most_waiting).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}
