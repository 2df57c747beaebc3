//! What is measured, on whichever engine: the same rows, the same questions.

#![allow(dead_code, reason = "one of two benches that share it may not use all of it")]

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use store::{Batch, Collection, IndexEntry, Query, Store};
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

/// Spread as UUIDs are, not in order.
fn user(number: usize) -> User {
    let name = format!("{:016x}", (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    User { pool: String::from("pool"), email: format!("{name}@example.com"), name, body: "x".repeat(900) }
}

/// How many rows a partition has: `POOLHOUSE_BENCH_ROWS` is the most.
pub fn sizes() -> Vec<usize> {
    let most =
        std::env::var("POOLHOUSE_BENCH_ROWS").ok().and_then(|text| text.parse().ok()).unwrap_or(100_000);
    [1_000, 100_000, 1_000_000].into_iter().filter(|rows| *rows <= most).collect()
}

/// Each task inserts rows one after the other.
pub async fn commits(what: &str, store: &Store, tasks: usize, time: Duration) {
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let start = Instant::now();
    let mut running = JoinSet::new();
    for _ in 0..tasks {
        let store = store.clone();
        running.spawn(async move {
            let (mut count, mut longest) = (0, Duration::ZERO);
            while start.elapsed() < time {
                let begun = Instant::now();
                let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                store.commit(Batch::new().insert(&user(number))).await.unwrap();
                longest = longest.max(begun.elapsed());
                count += 1;
            }
            (count, longest)
        });
    }
    let done = running.join_all().await;
    let count: usize = done.iter().map(|(count, _)| count).sum();
    let longest = done.iter().map(|(_, longest)| *longest).max().unwrap_or_default();
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("{what:42} {rate:9.0} commits/s   slowest {:.1} ms", longest.as_secs_f64() * 1000.0);
}

pub async fn fill(store: &Store, rows: usize) {
    for from in (0..rows).step_by(1000) {
        let batch = (from..from + 1000).fold(Batch::new(), |batch, number| batch.put(&user(number)));
        store.commit(batch).await.unwrap();
    }
}

/// What is asked of a partition with so many rows.
#[derive(Clone, Copy)]
enum Ask {
    Key,
    Alias,
    Page,
    /// Two reads by key, a look-up by alias, and a commit that writes a row that was read: what a sign-in asks of a store.
    SignIn,
}

pub async fn reads(store: &Store, rows: usize) {
    for tasks in [1, 64] {
        let mut told = Vec::new();
        for (ask, name) in [
            (Ask::Key, "gets"),
            (Ask::Alias, "alias look-ups"),
            (Ask::Page, "pages of 60"),
            (Ask::SignIn, "sign-ins"),
        ] {
            told.push(format!("{:8.0} {name}/s", rate(store, tasks, rows, ask).await));
        }
        println!("{rows:7} rows, {tasks:3} tasks {}", told.join("  "));
    }
}

async fn rate(store: &Store, tasks: usize, rows: usize, ask: Ask) -> f64 {
    let (start, time) = (Instant::now(), Duration::from_secs(2));
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let store = store.clone();
        running.spawn(async move {
            let mut count = 0;
            while start.elapsed() < time {
                one(&store, ask, &user((task * 7919 + count * 104_729) % rows)).await;
                count += 1;
            }
            count
        });
    }
    let count: usize = running.join_all().await.iter().sum();
    count as f64 / start.elapsed().as_secs_f64()
}

async fn one(store: &Store, ask: Ask, user: &User) {
    let all = || Query::<User>::in_partition("pool");
    let by_alias = async || {
        let query = all().index("by_email").equals(&user.email).limit(1);
        store.query(query).await.unwrap().rows.into_iter().next().unwrap()
    };
    match ask {
        Ask::Key => assert!(store.get::<User>("pool", &user.name).await.unwrap().is_some()),
        Ask::Alias => assert_eq!(by_alias().await.value.name, user.name),
        Ask::Page => {
            assert!(!store.query(all().between(&user.name, "g").limit(60)).await.unwrap().rows.is_empty());
        }
        Ask::SignIn => loop {
            let read = by_alias().await;
            store.get::<User>("pool", &user.name).await.unwrap();
            store.get::<User>("pool", "none").await.unwrap();
            // Two tasks may sign the same user in at once.
            if store.commit(Batch::new().replace(&read, &read.value)).await.is_ok() {
                return;
            }
        },
    }
}
