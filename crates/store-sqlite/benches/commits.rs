//! Commits and reads a second: grouped beside one fsync a commit, on the disk that holds the temporary folder
//! (`TMPDIR`). `cargo bench -p poolhouse-store-sqlite`; with `POOLHOUSE_BENCH_ROWS=1000000` up to a million rows.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark")]

mod measure;

use std::{sync::Arc, time::Duration};

use base::Timestamp;
use store::Store;
use store_sqlite::{Options, SqliteEngine};

const TIME: Duration = Duration::from_secs(3);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        for (what, group, tasks) in [
            ("one fsync a commit, 64 tasks", 1, 64),
            ("grouped, 1 task", 512, 1),
            ("grouped, 8 tasks", 512, 8),
            ("grouped, 64 tasks", 512, 64),
            ("grouped, 512 tasks", 512, 512),
        ] {
            let (_folder, store) = open(group);
            measure::commits(what, &store, tasks, TIME).await;
        }
        let unsynced = SqliteEngine::in_memory(Arc::new(|| Timestamp::from_seconds(1_000_000))).unwrap();
        measure::commits("grouped, 64 tasks, never synced", &Store::new(Arc::new(unsynced)), 64, TIME).await;
        for rows in measure::sizes() {
            let (_folder, store) = open(512);
            measure::fill(&store, rows).await;
            measure::reads(&store, rows).await;
        }
    });
}

fn open(group: usize) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { group, ..Options::new(Arc::new(|| Timestamp::from_seconds(1_000_000))) };
    let engine = SqliteEngine::open(folder.path(), options).unwrap();
    (folder, Store::new(Arc::new(engine)))
}
