//! Large bytes, each in a file named by its SHA-256: `blobs/ab/abcd…`. Written beside and renamed, so that a name always
//! has all of its bytes behind it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use base::Timestamp;
use bytes::Bytes;
use store::StoreError;

use crate::{
    Now, OpenError,
    error::of_io,
    folder::{self, Folder},
};

#[derive(Clone)]
pub(crate) struct Blobs {
    inner: Arc<Inner>,
}

struct Inner {
    root: PathBuf,
    now: Now,
    durable: bool,
    next_temporary: AtomicU64,
    /// Held while a name appears, is renewed or goes, so that "put again" and "delete what is old" do not cross.
    names: Mutex<()>,
}

impl Blobs {
    pub fn open(folder: &Folder, now: Now, durable: bool) -> Result<Self, OpenError> {
        let root = folder.blobs();
        let refused = |cause| OpenError::Folder { path: root.clone(), cause };
        let incoming = root.join("incoming");
        folder::make_private(&root).map_err(refused)?;
        // Half-written leftovers of a crash.
        match fs::remove_dir_all(&incoming) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(refused(cause)),
            _ => {}
        }
        folder::make_private(&incoming).map_err(refused)?;
        let inner = Inner { root, now, durable, next_temporary: AtomicU64::new(0), names: Mutex::new(()) };
        Ok(Self { inner: Arc::new(inner) })
    }

    pub fn put(&self, sha256: &str, content: &Bytes) -> Result<(), StoreError> {
        let path = self.path(sha256)?;
        self.inner.put(&path, content).map_err(|cause| of_io("a blob could not be written", &cause))
    }

    pub fn get(&self, sha256: &str) -> Result<Option<Bytes>, StoreError> {
        match fs::read(self.path(sha256)?) {
            Ok(content) => Ok(Some(Bytes::from(content))),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(of_io("a blob could not be read", &cause)),
        }
    }

    /// Whether it is gone now. One that was put at or after `unless_put_since` stays.
    pub fn delete(&self, sha256: &str, unless_put_since: Option<Timestamp>) -> Result<bool, StoreError> {
        let path = self.path(sha256)?;
        let _held = self.inner.names.lock().unwrap_or_else(PoisonError::into_inner);
        let delete = || {
            if let Some(since) = unless_put_since
                && put_at(&path)? >= since
            {
                return Ok(false);
            }
            fs::remove_file(&path).map(|()| true)
        };
        match delete() {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(true),
            outcome => outcome.map_err(|cause| of_io("a blob could not be deleted", &cause)),
        }
    }

    /// Of every blob there is.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        let list = || {
            let mut names = Vec::new();
            for shelf in fs::read_dir(&self.inner.root)? {
                for file in fs::read_dir(shelf?.path())? {
                    names.extend(file?.file_name().into_string().ok().filter(|name| is_name(name)));
                }
            }
            Ok(names)
        };
        list().map_err(|cause| of_io("the blobs could not be listed", &cause))
    }

    /// A name is checked before it becomes a path.
    fn path(&self, sha256: &str) -> Result<PathBuf, StoreError> {
        if !is_name(sha256) {
            return Err(StoreError::Invalid(String::from(
                "a blob's name is 64 lower-case hexadecimal digits",
            )));
        }
        Ok(self.inner.root.join(&sha256[..2]).join(sha256))
    }
}

fn is_name(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl Inner {
    fn put(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let now = (self.now)();
        if self.renew(path, content.len(), now)? {
            return Ok(());
        }
        let number = self.next_temporary.fetch_add(1, Ordering::Relaxed);
        let temporary = self.root.join("incoming").join(number.to_string());
        let written = self.write(&temporary, content, now).and_then(|()| self.publish(&temporary, path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
        written
    }

    /// Already there: only the time it was last put changes.
    fn renew(&self, path: &Path, length: usize, now: Timestamp) -> io::Result<bool> {
        let _held = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match OpenOptions::new().write(true).open(path) {
            Ok(file) if file.metadata()?.len() == length as u64 => {
                file.set_modified(system_time(now))?;
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(cause) => Err(cause),
        }
    }

    fn write(&self, temporary: &Path, content: &[u8], now: Timestamp) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(temporary)?;
        file.write_all(content)?;
        file.set_modified(system_time(now))?;
        if self.durable { file.sync_all() } else { Ok(()) }
    }

    fn publish(&self, temporary: &Path, path: &Path) -> io::Result<()> {
        let shelf = path.parent().unwrap_or(&self.root);
        let is_new = !shelf.exists();
        if is_new {
            folder::make_private(shelf)?;
        }
        let held = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        fs::rename(temporary, path)?;
        drop(held);
        if self.durable {
            File::open(shelf)?.sync_all()?;
            if is_new {
                File::open(&self.root)?.sync_all()?;
            }
        }
        Ok(())
    }
}

fn put_at(path: &Path) -> io::Result<Timestamp> {
    let modified = fs::metadata(path)?.modified()?;
    let millis = match modified.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(_) => 0,
    };
    Ok(Timestamp(millis))
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(at.millis().max(0).unsigned_abs())
}
