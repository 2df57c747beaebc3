//! The one thread that writes, and how commits share an fsync.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::{Connection, TransactionBehavior};
use store::{Change, CommitError, StoreError, engine::RawBatch};
use tokio::sync::{broadcast, oneshot};

use crate::{
    Now, OpenError, Options, commit, error,
    folder::Folder,
    moving::Incoming,
    queue::{Queue, Refused},
    schema,
};

/// SQLite takes the log into the database by itself every so often (`schema::LOG_PAGES`), as far as readers let it. A
/// log that has grown to this many bytes all the same is emptied with some patience for them.
const LONG_LOG: u64 = 64 << 20;
/// When readers did not let us, the next try waits this long.
const CHECKPOINT_PAUSE: Duration = Duration::from_secs(2);

/// What the writer is asked to do.
#[derive(Debug)]
pub(crate) enum Work {
    Commit(RawBatch),
    /// Deletes up to so many expired rows.
    Sweep(usize),
    /// A write that changes nothing of anyone's, to see whether writing works.
    Probe,
    /// Everything another store held.
    Import(Incoming),
}

/// How many rows were written or deleted, and which.
#[derive(Debug, Default)]
pub(crate) struct Written {
    pub changes: Vec<Change>,
}

struct Job {
    work: Work,
    give_up: Instant,
    reply: oneshot::Sender<Result<usize, CommitError>>,
}

pub(crate) struct Writer {
    queue: Arc<Queue<Job>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(
        folder: Folder,
        connection: Connection,
        changes: broadcast::Sender<Change>,
        options: &Options,
    ) -> Result<Self, OpenError> {
        let queue = Arc::new(Queue::new(options.queue));
        let path = folder.path().to_owned();
        let desk = Desk {
            log: folder.path().join("poolhouse.db-wal"),
            connection,
            changes,
            now: options.now.clone(),
            checkpoint_after: Instant::now(),
            _folder: folder,
        };
        let (jobs, group) = (queue.clone(), options.group);
        let thread = std::thread::Builder::new()
            .name(String::from("store-writer"))
            .spawn(move || desk.run(&jobs, group))
            .map_err(|cause| OpenError::Folder { path, cause })?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    /// How many rows the work touched, once that is on the disk.
    pub async fn write(&self, work: Work, deadline: Duration) -> Result<usize, CommitError> {
        let (reply, answer) = oneshot::channel();
        self.queue.push(Job { work, give_up: Instant::now() + deadline, reply }).map_err(|refused| {
            match refused {
                Refused::Full => StoreError::Unavailable(String::from("too many writes are waiting")),
                Refused::Closed => StoreError::Unavailable(String::from("it is closed")),
            }
        })?;
        match tokio::time::timeout(deadline, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(StoreError::Unavailable(String::from("the write was given up")).into()),
            Err(_) => Err(StoreError::Unavailable(format!(
                "no answer from the disk within {} ms; whether it was written is not known",
                deadline.as_millis()
            ))
            .into()),
        }
    }

    /// Finishes what waits, empties the log and lets go of the folder. Blocks.
    pub fn stop(&self) {
        self.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("the store's writer stopped in a panic");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What the writer's thread works with.
struct Desk {
    connection: Connection,
    log: std::path::PathBuf,
    changes: broadcast::Sender<Change>,
    now: Now,
    checkpoint_after: Instant,
    /// Held until the last write is done.
    _folder: Folder,
}

impl Desk {
    fn run(mut self, jobs: &Queue<Job>, group: usize) {
        loop {
            let mut taken = jobs.take(group);
            if taken.is_empty() {
                break;
            }
            // Whoever does not wait any more has been told that it did not happen, or has gone away.
            taken.retain(|job| !job.reply.is_closed() && job.give_up > Instant::now());
            self.write_together(taken);
            self.empty_long_log();
        }
        if let Err(cause) = schema::empty_log(&self.connection) {
            tracing::warn!(%cause, "the log could not be emptied on closing; the next start does it");
        }
    }

    /// All in one transaction. Where that fails (not a conflict: those are found before anything is written), each is
    /// tried by itself, so that one batch that is too large for the disk does not fail its neighbours.
    fn write_together(&mut self, jobs: Vec<Job>) {
        let works: Vec<&Work> = jobs.iter().map(|job| &job.work).collect();
        match self.transact(&works) {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    self.answer(job.reply, outcome);
                }
            }
            Err(cause) if jobs.len() == 1 => {
                for job in jobs {
                    self.answer(job.reply, Err(cause.clone().into()));
                }
            }
            Err(_) => {
                for job in jobs {
                    let alone = self.transact(&[&job.work]);
                    let outcome = alone
                        .map_err(CommitError::from)
                        .and_then(|mut one| one.pop().unwrap_or_else(|| Ok(Written::default())));
                    self.answer(job.reply, outcome);
                }
            }
        }
    }

    /// One transaction, synced when this returns `Ok`; rolled back when it returns `Err`.
    fn transact(&mut self, works: &[&Work]) -> Result<Vec<Result<Written, CommitError>>, StoreError> {
        let of_sqlite = |cause: rusqlite::Error| error::of_sqlite(&cause);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(of_sqlite)?;
        let mut outcomes = Vec::with_capacity(works.len());
        for work in works {
            match commit::apply(&transaction, work, (self.now)()) {
                Err(CommitError::Store(cause)) => return Err(cause),
                outcome => outcomes.push(outcome),
            }
        }
        transaction.commit().map_err(of_sqlite)?;
        Ok(outcomes)
    }

    /// Listeners hear of a change before its author does.
    fn answer(
        &self,
        reply: oneshot::Sender<Result<usize, CommitError>>,
        outcome: Result<Written, CommitError>,
    ) {
        let outcome = outcome.map(|written| {
            let count = written.changes.len();
            for change in written.changes {
                // An error only says that nobody listens.
                let _ = self.changes.send(change);
            }
            count
        });
        let _ = reply.send(outcome);
    }

    fn empty_long_log(&mut self) {
        let length = std::fs::metadata(&self.log).map_or(0, |file| file.len());
        if length < LONG_LOG || Instant::now() < self.checkpoint_after {
            return;
        }
        if let Err(cause) = schema::empty_log(&self.connection) {
            tracing::warn!(%cause, log_bytes = length, "the log could not be taken into the database; it goes on growing");
        }
        self.checkpoint_after = Instant::now() + CHECKPOINT_PAUSE;
    }
}
