//! Many at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::{Fixture, Thing};
use crate::{Batch, CommitError, Query};

pub async fn no_increment_is_lost(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().insert(&Thing::new("p", "counter"))).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..16 {
        let store = store.clone();
        tasks.spawn(async move {
            for _ in 0..20 {
                store
                    .decide::<_, CommitError, _, _>(async || {
                        let read = store.get::<Thing>("p", "counter").await?.unwrap();
                        let next = read.value.clone().number(read.value.number + 1);
                        Ok((Batch::new().replace(&read, &next), ()))
                    })
                    .await
                    .unwrap();
            }
        });
    }
    tasks.join_all().await;
    let counter = store.get::<Thing>("p", "counter").await.unwrap().unwrap();
    assert_eq!((counter.value.number, counter.version), (320, 321));
}

pub async fn one_of_many_inserts_wins(Fixture { store, .. }: Fixture) {
    let mut tasks = JoinSet::new();
    for number in 0..64_u64 {
        let store = store.clone();
        tasks.spawn(async move {
            // What is unique stands first, what belongs to the winner with it.
            let batch = Batch::new()
                .insert(&Thing::new("p", "unique").number(number))
                .put(&Thing::new("p", &format!("user-{number}")));
            match store.commit(batch).await {
                Ok(()) => Some(number),
                Err(CommitError::Conflict(_)) => None,
                Err(other) => panic!("{other}"),
            }
        });
    }
    let winners: Vec<u64> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1);
    let unique = store.get::<Thing>("p", "unique").await.unwrap().unwrap();
    assert_eq!(unique.value.number, winners[0]);
    let users = store.query_all(Query::<Thing>::in_partition("p").starts_with("user-")).await.unwrap();
    assert_eq!(users.len(), 1);
}

pub async fn a_row_is_spent_once(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().insert(&Thing::new("p", "code"))).await.unwrap();
    let read = Arc::new(store.get::<Thing>("p", "code").await.unwrap().unwrap());
    let mut tasks = JoinSet::new();
    for _ in 0..64 {
        let (store, read) = (store.clone(), read.clone());
        tasks.spawn(async move { store.commit(Batch::new().spend(&read)).await.is_ok() });
    }
    let spent = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(spent, 1);
}

/// Two accounts between which an amount moves: whoever reads both at once finds nothing missing and nothing too much.
pub async fn a_reader_sees_whole_batches(Fixture { store, .. }: Fixture) {
    let account = |key: &str, number| Thing::new("p", key).number(number);
    store.commit(Batch::new().insert(&account("a", 1000)).insert(&account("b", 0))).await.unwrap();
    let mover = tokio::spawn({
        let store = store.clone();
        async move {
            for moved in 1..=300 {
                let batch = Batch::new().put(&account("a", 1000 - moved)).put(&account("b", moved));
                store.commit(batch).await.unwrap();
            }
        }
    });
    while !mover.is_finished() {
        let both = store.get_many::<Thing>(&[("p", "a"), ("p", "b")]).await.unwrap();
        assert_eq!(both.iter().flatten().map(|row| row.value.number).sum::<u64>(), 1000);
        let both = store.query(Query::<Thing>::in_partition("p")).await.unwrap();
        assert_eq!(both.rows.iter().map(|row| row.value.number).sum::<u64>(), 1000);
    }
    mover.await.unwrap();
}

pub async fn many_at_once_are_all_there(Fixture { store, .. }: Fixture) {
    let mut tasks = JoinSet::new();
    for number in 0..200 {
        let store = store.clone();
        tasks.spawn(async move {
            let thing = Thing::new("p", &number.to_string()).tags(&["all"]);
            store.commit(Batch::new().insert(&thing)).await.unwrap();
            // What one wrote one reads.
            assert_eq!(store.get::<Thing>("p", &thing.key).await.unwrap().unwrap().value, thing);
        });
    }
    tasks.join_all().await;
    let all = Query::<Thing>::in_partition("p").index("by_tag").equals("all");
    assert_eq!(store.query_all(all).await.unwrap().len(), 200);
}
