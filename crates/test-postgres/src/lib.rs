//! A real PostgreSQL for a test: started in a moment, hurt on purpose, gone when the test is, however that ends.
//!
//! ```no_run
//! let server = test_postgres::Server::start();
//! let url = server.database("mine"); // postgres://postgres@127.0.0.1:41234/mine
//! server.freeze();
//! server.thaw();
//! ```
//!
//! The cluster is copied from a template that is made once for a machine (`initdb` takes a second, a copy does not).
//! PostgreSQL refuses to run as root, so there it runs as Debian's user `postgres`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "every line of it serves a test, and it is a test's place to start processes"
)]

mod process;
mod server;
mod template;

pub use server::{Server, Settings};

/// What a machine without PostgreSQL is told.
pub(crate) const MISSING: &str = "these tests need PostgreSQL (13 or later), and no 'initdb' was found in PATH or under \
     /usr/lib/postgresql: please install Debian's package 'postgresql' (apt-get install postgresql); \
     `cargo xtask test` does so by itself";
