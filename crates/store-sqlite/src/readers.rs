//! A few threads that read, each with a connection of its own.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;
use store::StoreError;
use tokio::sync::oneshot;

use crate::{
    OpenError, Options,
    folder::Folder,
    queue::{Queue, Refused},
    schema,
};

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

pub(crate) struct Readers {
    queue: Arc<Queue<Job>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Readers {
    pub fn start(folder: &Folder, options: &Options) -> Result<Self, OpenError> {
        let queue: Arc<Queue<Job>> = Arc::new(Queue::new(options.queue));
        let readers = Self { queue, threads: Mutex::default() };
        for number in 0..options.readers.max(1) {
            let mut connection = schema::open_reader(folder)?;
            let jobs = readers.queue.clone();
            let thread = std::thread::Builder::new()
                .name(format!("store-reader-{number}"))
                .spawn(move || {
                    while let Some(job) = jobs.take(1).pop() {
                        job(&mut connection);
                    }
                })
                .map_err(|cause| OpenError::Folder { path: folder.path().to_owned(), cause })?;
            readers.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(readers)
    }

    pub async fn read<T: Send + 'static>(
        &self,
        deadline: Duration,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if !reply.is_closed() {
                let _ = reply.send(job(connection));
            }
        });
        self.queue.push(job).map_err(|refused| match refused {
            Refused::Full => StoreError::Unavailable(String::from("too many reads are waiting")),
            Refused::Closed => StoreError::Unavailable(String::from("it is closed")),
        })?;
        match tokio::time::timeout(deadline, answer).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(StoreError::Unavailable(String::from("a reader stopped"))),
            Err(_) => Err(StoreError::Unavailable(format!("no answer within {} ms", deadline.as_millis()))),
        }
    }

    /// Finishes what waits and closes the connections. Blocks.
    pub fn stop(&self) {
        self.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a reader of the store stopped in a panic");
            }
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.stop();
    }
}
