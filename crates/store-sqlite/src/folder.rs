//! The data folder: who may see it, and that one server at a time has it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{self, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::OpenError;

/// A data folder, locked by its server. The lock goes with the last clone, or with the process however it ends.
#[derive(Clone)]
pub(crate) struct Folder {
    path: PathBuf,
    /// `None` for a visitor.
    _lock: Option<Arc<File>>,
}

impl Folder {
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let refused = |cause| OpenError::Folder { path: path.to_owned(), cause };
        make_private(path).map_err(refused)?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { path: path.to_owned(), holder: holder(&mut lock) });
            }
            Err(TryLockError::Error(cause)) => return Err(refused(cause)),
        }
        // The process id is only there to be shown to whoever comes second; a full disk must not keep us from starting.
        let _ = lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id()));
        Ok(Self { path: path.to_owned(), _lock: Some(Arc::new(lock)) })
    }

    /// As a visitor: whether a server has it or not, but only where there is something.
    pub fn beside(path: &Path) -> Result<Self, OpenError> {
        let folder = Self { path: path.to_owned(), _lock: None };
        match fs::metadata(folder.database()) {
            Ok(_) => Ok(folder),
            Err(cause) => Err(OpenError::Folder { path: path.to_owned(), cause }),
        }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn database(&self) -> PathBuf {
        self.path.join("poolhouse.db")
    }

    pub fn blobs(&self) -> PathBuf {
        self.path.join("blobs")
    }
}

/// Makes the folder for our eyes only, and takes others' rights away from one that was there.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let mode = fs::metadata(path)?.permissions().mode();
    if mode & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
        tracing::info!(folder = %path.display(), "took the rights of group and others away from the folder");
    }
    Ok(())
}

fn holder(lock: &mut File) -> Option<String> {
    let mut pid = String::new();
    lock.take(20).read_to_string(&mut pid).ok()?;
    (!pid.is_empty() && pid.bytes().all(|byte| byte.is_ascii_digit())).then_some(pid)
}
