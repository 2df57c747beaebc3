//! Commits and reads a second on PostgreSQL, with the rows and sizes of store-sqlite's bench, on a server that this
//! starts (`TMPDIR` says on which disk, or `POOLHOUSE_BENCH_DATABASE_URL` names another).
//! `cargo bench -p poolhouse-store-postgres`; with `POOLHOUSE_BENCH_ROWS=1000000` up to a million rows.

#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a benchmark")]

#[path = "../../store-sqlite/benches/measure/mod.rs"]
mod measure;

use std::{sync::Arc, time::Duration};

use base::Timestamp;
use store::Store;
use store_postgres::{Options, PostgresEngine};
use test_postgres::{Server, Settings};

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let server = Server::start_with(&Settings {
        durable: true,
        lines: ["shared_buffers = 1GB", "max_wal_size = 8GB", "checkpoint_timeout = 30min"]
            .map(String::from)
            .to_vec(),
    });
    runtime.block_on(async {
        let url = server.database("commits");
        for (what, connections, tasks) in [
            ("one connection, 1 task: an fsync each", 1, 1),
            ("16 connections, 8 tasks", 16, 8),
            ("16 connections, 64 tasks", 16, 64),
            ("16 connections, 512 tasks", 16, 512),
        ] {
            let store = open(&url, connections).await;
            measure::commits(what, &store, tasks, Duration::from_secs(3)).await;
        }
        let store = open(&url, 16).await;
        let mut heard = store.changes();
        tokio::spawn(async move { while heard.recv().await.is_ok() {} });
        let other = open(&url, 2).await;
        measure::commits("16 connections, 64 tasks, 2 nodes follow", &store, 64, Duration::from_secs(3))
            .await;
        drop(other);
        for rows in measure::sizes() {
            let url = server.database(&format!("rows_{rows}"));
            let store = open(&url, 16).await;
            measure::fill(&store, rows).await;
            server.sql(&format!("rows_{rows}"), "VACUUM ANALYZE");
            measure::reads(&store, rows).await;
        }
    });
}

async fn open(url: &str, connections: usize) -> Store {
    let options = Options { connections, ..Options::new(Arc::new(|| Timestamp::from_seconds(1_000_000))) };
    Store::new(Arc::new(PostgresEngine::connect(url, options).await.unwrap()))
}
