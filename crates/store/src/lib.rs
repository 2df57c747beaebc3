//! The store: typed collections, four verbs, compare-and-set batches.
//!
//! A [`Collection`] is a Rust type with a partition (the pool, the API, the stack), a key within it, an optional expiry
//! and declared indexes. Operations *read* ([`Store::get`], [`Store::get_many`], [`Store::query`]), *decide* with a pure
//! function, then [`Store::commit`] one atomic [`Batch`] that says what it expects to find; on [`CommitError::Conflict`]
//! they read again ([`Store::decide`] does the going round). No lock is held across an await, uniqueness is
//! `expect_absent`, a one-time thing is `expect` at the version that was read.

pub mod backup;
pub mod batch;
pub mod blobs;
pub mod collection;
pub mod contract;
mod decide;
pub mod engine;
pub mod keyring;
pub mod moving;
pub mod position;
mod typed;

pub use batch::{Batch, CommitError};
pub use collection::{Collection, IndexEntry, Versioned};
pub use engine::{Change, Engine, RowId, StoreError};
pub use typed::{Changes, Page, Query, Store};
