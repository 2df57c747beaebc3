//! Large bytes.

use bytes::Bytes;

use super::Fixture;
use crate::{Batch, StoreError, blobs::BLOB_GRACE_MILLIS};

pub async fn a_blob_comes_back(Fixture { store, .. }: Fixture) {
    let content: Bytes = (0..3_000_000_u32).map(|number| number as u8).collect();
    store.put_blob(&name("ab"), content.clone()).await.unwrap();
    assert_eq!(store.get_blob(&name("ab")).await.unwrap(), Some(content));
    assert_eq!(store.get_blob(&name("ac")).await.unwrap(), None);
    store.put_blob(&name("00"), Bytes::new()).await.unwrap();
    assert_eq!(store.get_blob(&name("00")).await.unwrap(), Some(Bytes::new()));
}

pub async fn the_same_bytes_are_kept_once(Fixture { store, .. }: Fixture) {
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.put_blob(&name("ab"), Bytes::from_static(b"same")).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(store.get_blob(&name("ab")).await.unwrap(), Some(Bytes::from_static(b"same")));
}

pub async fn a_blobs_name_is_a_hash(Fixture { store, .. }: Fixture) {
    for odd in
        ["", "../../etc/passwd", "ab", &"AB".repeat(32), &format!("../{}", "a".repeat(61)), &"é".repeat(32)]
    {
        let refused = store.put_blob(odd, Bytes::new()).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{odd}: {refused:?}");
        assert!(matches!(store.get_blob(odd).await, Err(StoreError::Invalid(_))));
    }
}

pub async fn a_deleted_blob_is_gone(Fixture { store, .. }: Fixture) {
    store.put_blob(&name("ab"), Bytes::from_static(b"x")).await.unwrap();
    store.delete_blob(&name("ab")).await.unwrap();
    assert_eq!(store.get_blob(&name("ab")).await.unwrap(), None);
    store.delete_blob(&name("ab")).await.unwrap();
}

pub async fn a_held_blob_outlives_its_other_holders(Fixture { store, clock }: Fixture) {
    let blob = name("ab");
    store.put_blob(&blob, Bytes::from_static(b"x")).await.unwrap();
    store.commit(Batch::new().hold_blob(&blob, "object/1").hold_blob(&blob, "function/1")).await.unwrap();
    store.commit(Batch::new().release_blob(&blob, "object/1", clock.now())).await.unwrap();
    clock.advance_millis(2 * BLOB_GRACE_MILLIS);
    assert_eq!(store.collect_blobs(clock.now(), 100).await.unwrap(), 0);
    store.delete_blob(&blob).await.unwrap();
    assert!(store.get_blob(&blob).await.unwrap().is_some());
    store.commit(Batch::new().release_blob(&blob, "function/1", clock.now())).await.unwrap();
    assert_eq!(store.collect_blobs(clock.now(), 100).await.unwrap(), 0, "too early");
    clock.advance_millis(BLOB_GRACE_MILLIS + 1);
    assert_eq!(store.collect_blobs(clock.now(), 100).await.unwrap(), 1);
    assert_eq!(store.get_blob(&blob).await.unwrap(), None);
    assert_eq!(store.collect_blobs(clock.now(), 100).await.unwrap(), 0);
}

/// Between putting a blob and holding it there is a moment in which nobody does.
pub async fn a_blob_that_was_put_again_is_not_collected(Fixture { store, clock }: Fixture) {
    let blob = name("ab");
    store.put_blob(&blob, Bytes::from_static(b"x")).await.unwrap();
    store.commit(Batch::new().hold_blob(&blob, "object/1")).await.unwrap();
    store.commit(Batch::new().release_blob(&blob, "object/1", clock.now())).await.unwrap();
    clock.advance_millis(BLOB_GRACE_MILLIS + 1);
    store.put_blob(&blob, Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(store.collect_blobs(clock.now(), 100).await.unwrap(), 0);
    assert!(store.get_blob(&blob).await.unwrap().is_some());
    clock.advance_millis(BLOB_GRACE_MILLIS + 1);
    assert_eq!(store.collect_blobs(clock.now(), 100).await.unwrap(), 1);
}

fn name(byte: &str) -> String {
    byte.repeat(32)
}
