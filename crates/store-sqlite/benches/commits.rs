//! Commits and reads a second: grouped beside one fsync a commit, on the disk that holds the temporary folder
//! (`TMPDIR`). `cargo bench -p poolhouse-store-sqlite`.

#![allow(clippy::unwrap_used, reason = "a benchmark")]

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Batch, Collection, IndexEntry, Query, Store};
use store_sqlite::{Options, SqliteEngine};
use tokio::task::JoinSet;

/// As large as a user.
#[derive(Clone, Serialize, Deserialize)]
struct User {
    pool: String,
    name: String,
    email: String,
    body: String,
}

impl Collection for User {
    const NAME: &'static str = "user";

    fn partition(&self) -> &str {
        &self.pool
    }

    fn key(&self) -> String {
        self.name.clone()
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new("by_email", &self.email)]
    }
}

fn user(number: usize) -> User {
    // Spread as UUIDs are, not in order.
    let name = format!("{:016x}", (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    User { pool: String::from("pool"), email: format!("{name}@example.com"), name, body: "x".repeat(900) }
}

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
            let (rate, longest) = commits(&store, tasks, Duration::from_secs(3)).await;
            println!("{what:32} {rate:9.0} commits/s   slowest {:.1} ms", longest.as_secs_f64() * 1000.0);
        }
        let unsynced = SqliteEngine::in_memory(Arc::new(|| Timestamp::from_seconds(1_000_000))).unwrap();
        let (rate, _) = commits(&Store::new(Arc::new(unsynced)), 64, Duration::from_secs(3)).await;
        println!("{:32} {rate:9.0} commits/s", "grouped, 64 tasks, never synced");
        for rows in [1_000, 100_000] {
            let (_folder, store) = open(512);
            fill(&store, rows).await;
            for tasks in [1, 64] {
                let gets = reads(&store, tasks, rows, By::Key).await;
                let finds = reads(&store, tasks, rows, By::Index).await;
                let pages = reads(&store, tasks, rows, By::Page).await;
                println!(
                    "{rows:7} rows, {tasks:3} tasks   {gets:8.0} gets/s   {finds:8.0} index look-ups/s   \
                     {pages:7.0} pages of 60/s"
                );
            }
        }
    });
}

fn open(group: usize) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { group, ..Options::new(Arc::new(|| Timestamp::from_seconds(1_000_000))) };
    let engine = SqliteEngine::open(folder.path(), options).unwrap();
    (folder, Store::new(Arc::new(engine)))
}

async fn commits(store: &Store, tasks: usize, time: Duration) -> (f64, Duration) {
    let start = Instant::now();
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let store = store.clone();
        running.spawn(async move {
            let (mut count, mut longest) = (0, Duration::ZERO);
            while start.elapsed() < time {
                let begun = Instant::now();
                store.commit(Batch::new().insert(&user(task * 1_000_000 + count))).await.unwrap();
                longest = longest.max(begun.elapsed());
                count += 1;
            }
            (count, longest)
        });
    }
    let done = running.join_all().await;
    let count: usize = done.iter().map(|(count, _)| count).sum();
    let longest = done.iter().map(|(_, longest)| *longest).max().unwrap_or_default();
    (count as f64 / start.elapsed().as_secs_f64(), longest)
}

async fn fill(store: &Store, rows: usize) {
    for from in (0..rows).step_by(1000) {
        let batch = (from..from + 1000).fold(Batch::new(), |batch, number| batch.put(&user(number)));
        store.commit(batch).await.unwrap();
    }
}

#[derive(Clone, Copy)]
enum By {
    Key,
    Index,
    Page,
}

async fn reads(store: &Store, tasks: usize, rows: usize, by: By) -> f64 {
    let (start, time) = (Instant::now(), Duration::from_secs(2));
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let store = store.clone();
        running.spawn(async move {
            let mut count = 0;
            while start.elapsed() < time {
                let user = user((task * 7919 + count * 104_729) % rows);
                let all = Query::<User>::in_partition("pool");
                let found = match by {
                    By::Key => usize::from(store.get::<User>("pool", &user.name).await.unwrap().is_some()),
                    By::Index => store
                        .query(all.index("by_email").equals(user.email).limit(1))
                        .await
                        .unwrap()
                        .rows
                        .len(),
                    By::Page => store.query(all.between(user.name, "g").limit(60)).await.unwrap().rows.len(),
                };
                assert!(found > 0);
                count += 1;
            }
            count
        });
    }
    let count: usize = running.join_all().await.iter().sum();
    count as f64 / start.elapsed().as_secs_f64()
}
