//! From one engine to the other and back: nothing is different afterwards.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::sync::Arc;

use store::{
    Store, backup,
    contract::{HeldClock, moving},
    moving::Moved,
};
use store_sqlite::SqliteEngine;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_house_moves_between_the_engines_and_through_a_file() {
    let clock = HeldClock::new();
    let house = moving::house(clock.now());
    let ticking = clock.clone();
    let embedded = Store::new(Arc::new(SqliteEngine::in_memory(Arc::new(move || ticking.now())).unwrap()));
    embedded.engine().import(moving::stream(house.clone())).await.unwrap();

    let fleet = Store::new(Arc::new(support::engine(&support::database(), clock.clone()).await));
    let moved = fleet.engine().import(embedded.engine().export().await.unwrap()).await.unwrap();
    assert_eq!(moved, Moved { rows: 1503, blobs: 3 });
    let house = moving::sorted(house);
    assert_eq!(moving::sorted(moving::all_of(&fleet).await), house);

    let file = tempfile::NamedTempFile::new().unwrap();
    let (records, target) = (fleet.engine().export().await.unwrap(), file.reopen().unwrap());
    tokio::task::spawn_blocking(move || backup::write(records, target)).await.unwrap().unwrap();

    let other = Store::new(Arc::new(support::engine(&support::database(), clock).await));
    let (sender, records) = tokio::sync::mpsc::channel(4);
    let source = file.reopen().unwrap();
    let reading = tokio::task::spawn_blocking(move || backup::read(source, &sender));
    other.engine().import(records).await.unwrap();
    reading.await.unwrap();
    assert_eq!(moving::sorted(moving::all_of(&other).await), house);
}
