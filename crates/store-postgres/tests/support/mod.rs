//! A database for each test, on one server for each test process.

#![allow(dead_code, clippy::unwrap_used, reason = "each test uses what it needs")]

pub mod proxy;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use store::contract::HeldClock;
use store_postgres::{Options, PostgresEngine};
use test_postgres::Server;

/// Ends with the process (`test_postgres::Server` has a watcher).
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
}

/// The URL of a database that nobody else has.
pub fn database() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    server().database(&format!("test_{}", NEXT.fetch_add(1, Ordering::SeqCst)))
}

pub fn options(clock: Arc<HeldClock>) -> Options {
    Options { connections: 8, ..Options::new(Arc::new(move || clock.now())) }
}

pub async fn engine(url: &str, clock: Arc<HeldClock>) -> PostgresEngine {
    PostgresEngine::connect(url, options(clock)).await.unwrap()
}
