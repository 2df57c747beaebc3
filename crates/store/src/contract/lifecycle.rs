//! Ready, and closed.

use super::{Fixture, Thing};
use crate::{Batch, CommitError, StoreError};

pub async fn an_engine_is_ready_until_it_is_closed(Fixture { store, .. }: Fixture) {
    store.engine().ready().await.unwrap();
    store.engine().close().await.unwrap();
    // Twice is once.
    store.engine().close().await.unwrap();
    assert!(matches!(store.engine().ready().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(store.get::<Thing>("p", "k").await, Err(StoreError::Unavailable(_))));
    let refused = store.commit(Batch::new().put(&Thing::new("p", "k"))).await;
    assert!(matches!(refused, Err(CommitError::Store(StoreError::Unavailable(_)))), "{refused:?}");
}

/// Each commit that waits while the engine closes is told one thing or the other, and none is left without an answer.
pub async fn what_was_begun_is_finished_on_closing(Fixture { store, .. }: Fixture) {
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                store.commit(Batch::new().put(&Thing::new("p", &number.to_string()))).await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    store.engine().close().await.unwrap();
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) | Err(CommitError::Store(StoreError::Unavailable(_))) => {}
            Err(other) => panic!("{other}"),
        }
    }
}
