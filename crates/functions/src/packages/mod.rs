//! Deployment packages: kept in the store as zips, unpacked on this machine once for each content.
//!
//! `packages/<sha256>/` is written beside its final name and renamed, so it is there whole or not at all. What was
//! unpacked before the machine's last start is unpacked again: a rename may survive a power cut that its files do not.

mod from_bucket;
mod unpack;

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use store::{Store, StoreError};

use crate::rows::Code;
pub use unpack::UNZIPPED_LIMIT;

#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("Uploaded file must be a non-empty zip")]
    Empty,
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    Unreadable(String),
    #[error("Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")]
    TooLarge,
    #[error("the package could not be unpacked on this machine: {0}")]
    Disk(String),
    #[error("the package {0} is not in the store any more")]
    Gone(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// An unpacked package. While someone holds it, it stays on disk.
#[derive(Debug)]
pub struct PackageDir {
    path: PathBuf,
}

impl PackageDir {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

pub struct Packages {
    root: PathBuf,
    store: Store,
    held: Mutex<HashMap<String, Weak<PackageDir>>>,
}

impl Packages {
    /// Makes the folder, and clears what an earlier life left half done.
    pub fn open(root: PathBuf, store: Store) -> std::io::Result<Self> {
        std::fs::create_dir_all(&root)?;
        let mark = root.join(".boot");
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let same_boot = std::fs::read_to_string(&mark).is_ok_and(|before| before == boot);
        for entry in std::fs::read_dir(&root)?.flatten() {
            let half_done = entry.file_name().to_string_lossy().starts_with(".unpacking-");
            let stale = !same_boot && entry.file_type().is_ok_and(|kind| kind.is_dir());
            if half_done || stale {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        std::fs::write(mark, boot)?;
        Ok(Self { root, store, held: Mutex::default() })
    }

    /// Checks a zip by unpacking it, and puts its bytes in the store, where the commit that follows has to hold them.
    /// The answer is what a function's row says of it.
    pub async fn admit(&self, zip: Bytes, holder: String) -> Result<Code, PackageError> {
        if zip.is_empty() {
            return Err(PackageError::Empty);
        }
        let sha256 = hex(digest(&SHA256, &zip).as_ref());
        self.unpack(&sha256, zip.clone()).await?;
        let size = zip.len() as u64;
        self.store.put_blob(&sha256, zip).await?;
        Ok(Code { sha256, size, holder })
    }

    /// The zip, as it was uploaded.
    pub async fn zip(&self, code: &Code) -> Result<Bytes, PackageError> {
        let blob = self.store.get_blob(&code.sha256).await?;
        blob.ok_or_else(|| PackageError::Gone(code.sha256.clone()))
    }

    /// The package, unpacked here; now where it was not yet.
    pub async fn unpacked(&self, code: &Code) -> Result<Arc<PackageDir>, PackageError> {
        let dir = self.hold(&code.sha256);
        if !tokio::fs::try_exists(&dir.path).await.unwrap_or(false) {
            let zip = self.zip(code).await?;
            self.unpack(&code.sha256, zip).await?;
        }
        Ok(dir)
    }

    async fn unpack(&self, sha256: &str, zip: Bytes) -> Result<(), PackageError> {
        let destination = self.root.join(sha256);
        if tokio::fs::try_exists(&destination).await.unwrap_or(false) {
            return Ok(());
        }
        let root = self.root.clone();
        tokio::task::spawn_blocking(move || {
            let beside = tempfile::Builder::new()
                .prefix(".unpacking-")
                .tempdir_in(&root)
                .map_err(|cause| PackageError::Disk(cause.to_string()))?;
            unpack::unpack(&zip, beside.path())?;
            match std::fs::rename(beside.path(), &destination) {
                Ok(()) => {
                    let _ = beside.keep();
                    Ok(())
                }
                // Someone else was faster with the same bytes.
                Err(_) if destination.is_dir() => Ok(()),
                Err(cause) => Err(PackageError::Disk(cause.to_string())),
            }
        })
        .await
        .map_err(|cause| PackageError::Disk(cause.to_string()))?
    }

    fn hold(&self, sha256: &str) -> Arc<PackageDir> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dir) = held.get(sha256).and_then(Weak::upgrade) {
            return dir;
        }
        held.retain(|_, dir| dir.strong_count() > 0);
        let dir = Arc::new(PackageDir { path: self.root.join(sha256) });
        held.insert(sha256.to_owned(), Arc::downgrade(&dir));
        dir
    }

    /// Deletes unpacked packages that nobody holds and no row names. `in_use` are SHA-256s.
    pub async fn sweep(&self, in_use: &HashSet<String>) {
        let Ok(mut entries) = tokio::fs::read_dir(&self.root).await else { return };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with('.') || in_use.contains(&name) {
                continue;
            }
            if let Some(aside) = self.set_aside(&name)
                && let Err(cause) = tokio::fs::remove_dir_all(aside).await
            {
                tracing::warn!(package = name, %cause, "an unused package could not be deleted");
            }
        }
    }

    /// Takes a package out of sight in one step, unless someone holds it.
    fn set_aside(&self, sha256: &str) -> Option<PathBuf> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.get(sha256).is_some_and(|dir| dir.strong_count() > 0) {
            return None;
        }
        let aside = self.root.join(format!(".unpacking-{sha256}-unused"));
        std::fs::rename(self.root.join(sha256), &aside).ok().map(|()| aside)
    }
}

/// `CodeSha256`: the digest in base64.
pub fn code_sha256(sha256: &str) -> String {
    let bytes: Vec<u8> = (0..sha256.len() / 2)
        .filter_map(|at| u8::from_str_radix(sha256.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect();
    STANDARD.encode(bytes)
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
