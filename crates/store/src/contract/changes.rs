//! Who holds something in memory hears that it is stale.

use std::time::Duration;

use super::{Fixture, Thing};
use crate::{Batch, Changes, Collection};

pub async fn a_commit_is_heard(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "before"))).await.unwrap();
    let mut changes = store.changes();
    let batch = Batch::new()
        .put(&Thing::new("p", "new"))
        .delete::<Thing>("p", "before")
        .delete::<Thing>("p", "never was");
    store.commit(batch).await.unwrap();
    assert_eq!(heard(&mut changes, 2).await, ["before", "new"]);
}

pub async fn a_failed_commit_is_not_heard(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "taken"))).await.unwrap();
    let mut changes = store.changes();
    let batch = Batch::new().put(&Thing::new("p", "new")).insert(&Thing::new("p", "taken"));
    store.commit(batch).await.unwrap_err();
    store.commit(Batch::new().put(&Thing::new("p", "marker"))).await.unwrap();
    assert_eq!(heard(&mut changes, 1).await, ["marker"]);
}

pub async fn a_swept_row_is_heard(Fixture { store, clock }: Fixture) {
    let thing = Thing::new("p", "gone").expires_at(clock.now().plus_millis(1));
    store.commit(Batch::new().put(&thing)).await.unwrap();
    let mut changes = store.changes();
    clock.advance_millis(1);
    store.engine().sweep(10).await.unwrap();
    assert_eq!(heard(&mut changes, 1).await, ["gone"]);
}

/// The next `count` keys, sorted; the issue allows a second for another node to hear, here it is the same one.
async fn heard(changes: &mut Changes, count: usize) -> Vec<String> {
    let mut keys = Vec::new();
    for _ in 0..count {
        let change = tokio::time::timeout(Duration::from_secs(2), changes.recv()).await.unwrap().unwrap();
        assert_eq!((&*change.collection, &*change.partition), (Thing::NAME, "p"));
        keys.push(change.key);
    }
    keys.sort();
    keys
}
