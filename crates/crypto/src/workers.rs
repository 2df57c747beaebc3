//! The threads on which heavy cryptography runs: few, one a core, behind a short queue. When the queue is full the
//! answer is [`Busy`] at once, so that the server stays answerable however many sign-ins arrive.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use tokio::sync::oneshot;

/// Every thread is at work and the queue is full: `TooManyRequestsException`, or 429 with Retry-After.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests are waiting for a free core")]
pub struct Busy;

/// Cheap to clone. The threads end when the last clone is gone and the queue has run dry.
#[derive(Clone)]
pub struct Workers {
    queue: SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Workers {
    /// At least one thread and a queue of at least one. A thread that the system refuses to start is an error.
    pub fn new(threads: usize, queue: usize) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel::<Job>(queue.max(1));
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads.max(1) {
            let receiver = Arc::clone(&receiver);
            thread::Builder::new().name(format!("crypto-{number}")).spawn(move || work(&receiver))?;
        }
        Ok(Self { queue: sender, waiting: Arc::default() })
    }

    /// Runs `heavy` on one of the threads. A caller who stops waiting before its turn gives the turn up. A panic in
    /// `heavy` goes on in the caller, as if it had been called there.
    pub async fn run<T, F>(&self, heavy: F) -> Result<T, Busy>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let waiting = Arc::clone(&self.waiting);
        let job: Job = Box::new(move || {
            waiting.fetch_sub(1, Ordering::Relaxed);
            if !answer.is_closed() {
                let _ = answer.send(catch_unwind(AssertUnwindSafe(heavy)));
            }
        });
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.queue.try_send(job) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Busy);
        }
        match answered.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(_) => Err(Busy),
        }
    }

    /// How many jobs wait for a thread now: a gauge.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    loop {
        // The lock is held while waiting for a job and let go before it runs; the other threads wait for the lock.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    #[tokio::test]
    async fn answers_from_another_thread() {
        let workers = Workers::new(2, 4).unwrap();
        let name = workers.run(|| thread::current().name().map(str::to_owned)).await.unwrap();
        assert!(name.unwrap().starts_with("crypto-"));
    }

    #[tokio::test]
    async fn a_full_queue_is_busy_at_once_and_recovers() {
        let workers = Workers::new(1, 1).unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (started, has_started) = oneshot::channel();
        let first = tokio::spawn({
            let workers = workers.clone();
            async move {
                workers
                    .run(move || {
                        let _ = started.send(());
                        released.recv_timeout(Duration::from_secs(10)).is_ok()
                    })
                    .await
            }
        });
        has_started.await.unwrap();
        let second = tokio::spawn({
            let workers = workers.clone();
            async move { workers.run(|| 2).await }
        });
        while workers.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(workers.run(|| 3).await, Err(Busy));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        assert_eq!(second.await.unwrap(), Ok(2));
        assert_eq!(workers.run(|| 4).await, Ok(4));
        assert_eq!(workers.waiting(), 0);
    }

    #[tokio::test]
    async fn who_stops_waiting_gives_up_the_turn() {
        let workers = Workers::new(1, 4).unwrap();
        let (release, released) = mpsc::channel::<()>();
        let (ran, has_run) = mpsc::channel::<&str>();
        let (started, has_started) = oneshot::channel();
        let blocker = tokio::spawn({
            let workers = workers.clone();
            async move {
                workers
                    .run(move || {
                        let _ = started.send(());
                        released.recv_timeout(Duration::from_secs(10)).is_ok()
                    })
                    .await
            }
        });
        has_started.await.unwrap();
        let impatient = tokio::time::timeout(Duration::from_millis(20), {
            let ran = ran.clone();
            workers.run(move || ran.send("impatient").is_ok())
        });
        assert!(impatient.await.is_err());
        release.send(()).unwrap();
        blocker.await.unwrap().unwrap();
        workers.run(move || ran.send("patient").is_ok()).await.unwrap();
        assert_eq!(has_run.try_iter().collect::<Vec<_>>(), ["patient"]);
    }

    #[tokio::test]
    async fn a_panic_reaches_the_caller_and_spares_the_thread() {
        let workers = Workers::new(1, 4).unwrap();
        let panicking = tokio::spawn({
            let workers = workers.clone();
            async move { workers.run(|| -> u8 { panic!("boom") }).await }
        });
        assert!(panicking.await.unwrap_err().is_panic());
        assert_eq!(workers.run(|| 1).await, Ok(1));
    }
}
