//! The embedded engine: the store's contract on SQLite, for one server and its data folder.
//!
//! ```text
//! <data>/lock              held by the server that has the folder open
//! <data>/poolhouse.db      rows and index entries, in WAL mode; readable with plain SQL
//! <data>/blobs/ab/abcd…    large bytes, one file for each SHA-256
//! ```
//!
//! One thread writes. It takes every commit that waits, applies them in one transaction and answers after that
//! transaction was synced to disk: a hundred callers share one fsync. Reads go to a few threads with a connection each
//! and see the last commit. `docs/adr/0003-the-embedded-engine.md` says why it is like this.

mod blobs;
mod commit;
mod engine;
mod error;
mod folder;
mod moving;
mod queue;
mod readers;
mod rows;
mod schema;
mod writer;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use base::Timestamp;
use tokio::sync::broadcast;

pub use error::OpenError;

use crate::{blobs::Blobs, folder::Folder, readers::Readers, writer::Writer};

/// Where the engine reads the time; the binary hands in its clock.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How an engine is run. [`Options::new`] has what a server wants.
#[derive(Clone)]
pub struct Options {
    pub now: Now,
    /// Threads that read, each with a connection of its own.
    pub readers: usize,
    /// How many calls may wait before the next is told that the store is not available.
    pub queue: usize,
    /// How many waiting commits go into one transaction at most. 1 gives every commit an fsync of its own.
    pub group: usize,
    /// How long a call waits for its answer.
    pub deadline: Duration,
    /// How many changes a slow listener may be behind before it is told that it lags.
    pub changes: usize,
    /// What `SQLITE_FULL` looks like on a disk with room: the database never grows past this many pages of 4 KiB.
    pub page_limit: Option<u32>,
    /// `false` leaves the syncing to the operating system. For tests that do not pull the plug.
    pub durable: bool,
}

impl Options {
    pub fn new(now: Now) -> Self {
        Self {
            now,
            readers: std::thread::available_parallelism().map_or(2, NonZeroUsize::get).clamp(4, 8),
            queue: 4096,
            group: 512,
            deadline: Duration::from_secs(10),
            changes: 4096,
            page_limit: None,
            durable: true,
        }
    }
}

/// An open data folder. Dropping it or [`close`](store::Engine::close) waits for what was begun and lets go of the
/// folder.
pub struct SqliteEngine {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
    blobs: Blobs,
    path: PathBuf,
    changes: broadcast::Sender<store::Change>,
    now: Now,
    deadline: Duration,
    /// Deleted with the engine. Last, so that the files in it are closed by then.
    _temporary: Option<tempfile::TempDir>,
}

impl SqliteEngine {
    /// Opens the data folder at `path`, making it (0700) where there is none.
    pub fn open(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        Self::open_in(path.as_ref(), options, None)
    }

    /// Opens a folder that a server may have open, and goes on serving from: for a backup, and for small writes that no
    /// server holds in memory. The server does not hear of them.
    pub fn beside(path: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let folder = Folder::beside(path.as_ref())?;
        let connection = schema::open_beside(&folder)?;
        Self::start(folder, connection, options, None)
    }

    /// A folder of its own under the system's temporary folder, gone when the engine is; not synced to disk.
    pub fn temporary(options: Options) -> Result<Self, OpenError> {
        let folder = tempfile::Builder::new()
            .prefix("poolhouse-")
            .tempdir()
            .map_err(|cause| OpenError::Folder { path: std::env::temp_dir(), cause })?;
        let path = folder.path().to_owned();
        Self::open_in(&path, Options { durable: false, ..options }, Some(folder))
    }

    /// [`SqliteEngine::temporary`] with the usual options: what most tests want.
    pub fn in_memory(now: Now) -> Result<Self, OpenError> {
        Self::temporary(Options { readers: 2, ..Options::new(now) })
    }

    /// The data folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn open_in(
        path: &Path,
        options: Options,
        temporary: Option<tempfile::TempDir>,
    ) -> Result<Self, OpenError> {
        let folder = Folder::open(path)?;
        let connection = schema::open(&folder, &options)?;
        Self::start(folder, connection, options, temporary)
    }

    fn start(
        folder: Folder,
        connection: rusqlite::Connection,
        options: Options,
        temporary: Option<tempfile::TempDir>,
    ) -> Result<Self, OpenError> {
        let path = folder.path().to_owned();
        let changes = broadcast::Sender::new(options.changes.max(1));
        let blobs = Blobs::open(&folder, options.now.clone(), options.durable)?;
        let readers = Arc::new(Readers::start(&folder, &options)?);
        let writer = Arc::new(Writer::start(folder, connection, changes.clone(), &options)?);
        let Options { now, deadline, .. } = options;
        Ok(Self { readers, writer, blobs, path, changes, now, deadline, _temporary: temporary })
    }
}
