//! Rows that go by themselves.

use super::{Fixture, Thing};
use crate::{Batch, CommitError, Query};

pub async fn an_expired_row_is_not_read(Fixture { store, clock }: Fixture) {
    let soon = clock.now().plus_millis(10);
    let thing = Thing::new("p", "k").tags(&["t"]).expires_at(soon);
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    clock.advance_millis(9);
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value, thing);
    // At the very instant, not after it.
    clock.advance_millis(1);
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap(), None);
    let all = Query::<Thing>::in_partition("p");
    assert!(store.query_all(all.clone()).await.unwrap().is_empty());
    assert!(store.query_all(all.index("by_tag").equals("t")).await.unwrap().is_empty());
    assert!(store.scan::<Thing>().await.unwrap().is_empty());
}

pub async fn an_expired_row_counts_as_absent(Fixture { store, clock }: Fixture) {
    let thing = Thing::new("p", "k").tags(&["old"]).expires_at(clock.now().plus_millis(10));
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    let read = store.get::<Thing>("p", "k").await.unwrap().unwrap();
    clock.advance_millis(10);
    assert!(matches!(store.commit(Batch::new().spend(&read)).await, Err(CommitError::Conflict(_))));
    let anew = Thing::new("p", "k").tags(&["new"]).text("anew");
    store.commit(Batch::new().insert(&anew)).await.unwrap();
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value, anew);
    let by_tag = Query::<Thing>::in_partition("p").index("by_tag");
    assert_eq!(store.query_all(by_tag.clone().equals("new")).await.unwrap().len(), 1);
    assert!(store.query_all(by_tag.equals("old")).await.unwrap().is_empty());
}

pub async fn a_sweep_takes_the_expired_only(Fixture { store, clock }: Fixture) {
    let soon = clock.now().plus_millis(10);
    let later = clock.now().plus_millis(1000);
    let batch = Batch::new()
        .insert(&Thing::new("p", "soon").tags(&["t"]).expires_at(soon))
        .insert(&Thing::new("p", "later").tags(&["t"]).expires_at(later))
        .insert(&Thing::new("p", "never").tags(&["t"]));
    store.commit(batch).await.unwrap();
    assert_eq!(store.engine().sweep(100).await.unwrap(), 0);
    clock.advance_millis(10);
    assert_eq!(store.engine().sweep(100).await.unwrap(), 1);
    assert_eq!(store.engine().sweep(100).await.unwrap(), 0);
    let left = store.query_all(Query::<Thing>::in_partition("p").index("by_tag").equals("t")).await.unwrap();
    assert_eq!(left.iter().map(|row| &*row.value.key).collect::<Vec<_>>(), ["later", "never"]);
}

pub async fn a_sweep_takes_no_more_than_asked(Fixture { store, clock }: Fixture) {
    let now = clock.now();
    let batch = (0..25).fold(Batch::new(), |batch, number| {
        batch.insert(&Thing::new("p", &number.to_string()).expires_at(now.plus_millis(1)))
    });
    store.commit(batch).await.unwrap();
    clock.advance_millis(1);
    assert_eq!(store.engine().sweep(10).await.unwrap(), 10);
    assert_eq!(store.engine().sweep(10).await.unwrap(), 10);
    assert_eq!(store.engine().sweep(10).await.unwrap(), 5);
}

pub async fn what_was_renewed_stays(Fixture { store, clock }: Fixture) {
    let thing = Thing::new("p", "k").expires_at(clock.now().plus_millis(10));
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    let renewed = thing.expires_at(clock.now().plus_millis(1000));
    store.commit(Batch::new().put(&renewed)).await.unwrap();
    clock.advance_millis(10);
    assert_eq!(store.engine().sweep(10).await.unwrap(), 0);
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value, renewed);
}
