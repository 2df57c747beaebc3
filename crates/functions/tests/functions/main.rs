//! The Lambda room with real Node processes and the embedded engine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::type_complexity,
    reason = "tests say what went wrong by failing"
)]

mod api;
mod events;
mod handlers;
mod house;
mod limits;
mod logs;
mod pool;
mod runtimes;
mod sandbox;
