//! The Lambda room with real Node processes and the embedded engine.

mod api;
mod events;
mod handlers;
mod house;
mod limits;
mod logs;
mod pool;
mod sandbox;
