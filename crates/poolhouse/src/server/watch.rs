//! Tells when something in the service's folder changed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    time::Duration,
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;

use crate::failure::Failure;

/// Editors write in several steps; what comes within this time is one change.
const QUIET: Duration = Duration::from_millis(120);
/// Folders whose changes mean nothing: our own, and those of tools.
const IGNORED: [&str; 5] = [".poolhouse", ".serverless", ".git", ".cache", "node_modules"];

pub struct Changes {
    count: watch::Receiver<u64>,
    root: PathBuf,
    /// The folders that are watched with all that is below them.
    below: BTreeSet<PathBuf>,
    /// Watches for as long as it lives.
    watcher: RecommendedWatcher,
}

impl Changes {
    pub fn below(folder: &Path) -> Result<Self, Failure> {
        let failed =
            |error: notify::Error| Failure::tried(format!("{} cannot be watched: {error}", folder.display()));
        let root = folder.canonicalize().map_err(|error| failed(notify::Error::io(error)))?;
        let (told, count) = watch::channel(0_u64);
        let from = root.clone();
        let mut watcher = notify::recommended_watcher(move |event: Result<Event, notify::Error>| {
            if event.is_ok_and(|event| matters(&event, &from)) {
                told.send_modify(|count| *count += 1);
            }
        })
        .map_err(failed)?;
        watcher.watch(&root, RecursiveMode::NonRecursive).map_err(failed)?;
        let mut changes = Self { count, root, below: BTreeSet::new(), watcher };
        changes.watch_new_folders().map_err(failed)?;
        Ok(changes)
    }

    /// Folder by folder, so that those which mean nothing are not watched: a system watches so many and no more.
    fn watch_new_folders(&mut self) -> Result<(), notify::Error> {
        for entry in std::fs::read_dir(&self.root).map_err(notify::Error::io)? {
            let path = entry.map_err(notify::Error::io)?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !IGNORED.contains(&name) && !self.below.contains(&path) {
                self.watcher.watch(&path, RecursiveMode::Recursive)?;
                self.below.insert(path);
            }
        }
        self.below.retain(|path| path.is_dir());
        Ok(())
    }

    /// Waits for a change, and then for quiet. Never ends where watching ended.
    pub async fn next(&mut self) {
        if self.count.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        while tokio::time::timeout(QUIET, self.count.changed()).await.is_ok_and(|change| change.is_ok()) {}
        self.count.mark_unchanged();
        if let Err(error) = self.watch_new_folders() {
            tracing::warn!(%error, "a new folder cannot be watched");
        }
    }
}

fn matters(event: &Event, root: &Path) -> bool {
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    event.paths.iter().any(|path| {
        let inner = path.strip_prefix(root).unwrap_or(path);
        let first = inner.components().next().and_then(|part| part.as_os_str().to_str());
        first.is_none_or(|first| !IGNORED.contains(&first))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_change_is_told_once_and_our_own_folder_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".poolhouse")).unwrap();
        let mut changes = Changes::below(folder.path()).unwrap();
        std::fs::write(folder.path().join(".poolhouse/db"), "x").unwrap();
        let soon = Duration::from_millis(400);
        assert!(tokio::time::timeout(soon, changes.next()).await.is_err());
        std::fs::write(folder.path().join("handler.js"), "x").unwrap();
        std::fs::write(folder.path().join("handler.js"), "xy").unwrap();
        tokio::time::timeout(Duration::from_secs(10), changes.next()).await.unwrap();
        assert!(tokio::time::timeout(soon, changes.next()).await.is_err());
        std::fs::create_dir(folder.path().join("src")).unwrap();
        tokio::time::timeout(Duration::from_secs(10), changes.next()).await.unwrap();
        std::fs::write(folder.path().join("src/deep.js"), "x").unwrap();
        tokio::time::timeout(Duration::from_secs(10), changes.next()).await.unwrap();
    }
}
