//! Read, decide, commit; on a conflict, from the start.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    time::Duration,
};

use tokio::sync::{Mutex, MutexGuard};

use crate::{Batch, CommitError, RowId, Store};

/// How often a decision is made again before it gives up on a row that everybody wants.
const ATTEMPTS: u32 = 64;
/// Attempts that others on this node lose to us cost them nothing; other nodes are given way with growing pauses.
const ATTEMPTS_WITHOUT_PAUSE: u32 = 8;
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// Standing in line makes things fair, not right, so nobody stands there for long.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Where those who lost a row once wait to try again one by one: compare-and-set alone starves whoever is slow.
/// Nothing's correctness rests on it. Rows that share a line by their hash wait for each other now and then.
pub(crate) struct Lines([Mutex<()>; 64]);

impl Default for Lines {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(())))
    }
}

impl Lines {
    async fn wait_for(&self, row: &RowId) -> Option<MutexGuard<'_, ()>> {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        let line = &self.0[(hasher.finish() % self.0.len() as u64) as usize];
        tokio::time::timeout(LONGEST_WAIT, line.lock()).await.ok()
    }
}

impl Store {
    /// Reads, decides, commits; on a conflict, from the start. `attempt` must not act on the world: it may run again. An
    /// empty batch is an answer without a commit.
    ///
    /// `attempt` is written `async || { … }` and borrows what it needs. (The bound is not `AsyncFnMut`: a future with one
    /// of those in it cannot be shown to be `Send` today, so that no handler could hold it.)
    pub async fn decide<A, E, F, D>(&self, mut attempt: F) -> Result<A, E>
    where
        F: FnMut() -> D,
        D: Future<Output = Result<(Batch, A), E>>,
        E: From<CommitError>,
    {
        let mut wanted = match self.decide_once(&mut attempt).await? {
            Decided::Done(answer) => return Ok(answer),
            Decided::Conflict(row) => row,
        };
        // The first line stood in is kept: conflicts over one row after another are rare, two lines at once a deadlock.
        let _turn = self.lines.wait_for(&wanted).await;
        for number in 1..ATTEMPTS {
            if number >= ATTEMPTS_WITHOUT_PAUSE {
                let doubled = 1_u64 << (number - ATTEMPTS_WITHOUT_PAUSE).min(6);
                tokio::time::sleep(Duration::from_millis(doubled).min(LONGEST_PAUSE)).await;
            }
            match self.decide_once(&mut attempt).await? {
                Decided::Done(answer) => return Ok(answer),
                Decided::Conflict(row) => wanted = row,
            }
        }
        Err(CommitError::Conflict(wanted).into())
    }

    async fn decide_once<A, E, F, D>(&self, attempt: &mut F) -> Result<Decided<A>, E>
    where
        F: FnMut() -> D,
        D: Future<Output = Result<(Batch, A), E>>,
        E: From<CommitError>,
    {
        let (batch, answer) = attempt().await?;
        if batch.is_empty() {
            return Ok(Decided::Done(answer));
        }
        match self.commit(batch).await {
            Ok(()) => Ok(Decided::Done(answer)),
            Err(CommitError::Conflict(row)) => Ok(Decided::Conflict(row)),
            Err(other) => Err(other.into()),
        }
    }
}

enum Decided<A> {
    Done(A),
    Conflict(RowId),
}
