//! Batches: atomic, and only where what they expect holds.

use super::{Fixture, Thing};
use crate::{Batch, CommitError, StoreError};

pub async fn a_batch_is_all_or_nothing(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().insert(&Thing::new("p", "there"))).await.unwrap();
    let batch = Batch::new()
        .put(&Thing::new("p", "one"))
        .put(&Thing::new("q", "two"))
        .delete::<Thing>("p", "there")
        .expect_absent::<Thing>("p", "there");
    assert!(matches!(store.commit(batch).await, Err(CommitError::Conflict(_))));
    assert_eq!(store.get::<Thing>("p", "one").await.unwrap(), None);
    assert_eq!(store.get::<Thing>("q", "two").await.unwrap(), None);
    assert!(store.get::<Thing>("p", "there").await.unwrap().is_some());
}

pub async fn what_must_be_absent(Fixture { store, .. }: Fixture) {
    let thing = Thing::new("p", "k").text("first");
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    let again = store.commit(Batch::new().insert(&thing.clone().text("second"))).await;
    assert!(matches!(again, Err(CommitError::Conflict(_))));
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value, thing);
    // An expectation alone is a batch too.
    store.commit(Batch::new().expect_absent::<Thing>("p", "other")).await.unwrap();
    assert!(store.commit(Batch::new().expect_absent::<Thing>("p", "k")).await.is_err());
}

pub async fn what_must_be_unchanged(Fixture { store, .. }: Fixture) {
    let thing = Thing::new("p", "k");
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    let read = store.get::<Thing>("p", "k").await.unwrap().unwrap();
    store.commit(Batch::new().replace(&read, &thing.clone().text("second"))).await.unwrap();
    let late = store.commit(Batch::new().replace(&read, &thing.clone().text("third"))).await;
    assert!(matches!(late, Err(CommitError::Conflict(_))));
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value.text, "second");
    // Gone is changed too.
    let read = store.get::<Thing>("p", "k").await.unwrap().unwrap();
    store.commit(Batch::new().delete::<Thing>("p", "k")).await.unwrap();
    assert!(matches!(store.commit(Batch::new().expect(&read)).await, Err(CommitError::Conflict(_))));
}

pub async fn a_version_grows_with_each_write(Fixture { store, .. }: Fixture) {
    for expected in 1..=3 {
        store.commit(Batch::new().put(&Thing::new("p", "k"))).await.unwrap();
        assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().version, expected);
    }
}

pub async fn a_put_overwrites(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "k").text("first"))).await.unwrap();
    store.commit(Batch::new().put(&Thing::new("p", "k").text("second"))).await.unwrap();
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value.text, "second");
}

pub async fn deleting_what_is_not_there_is_fine(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().delete::<Thing>("p", "never")).await.unwrap();
    store.commit(Batch::new().put(&Thing::new("p", "k")).delete::<Thing>("p", "never")).await.unwrap();
    assert!(store.get::<Thing>("p", "k").await.unwrap().is_some());
}

pub async fn a_row_both_deleted_and_put_is_there(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "k").tags(&["old"]))).await.unwrap();
    let read = store.get::<Thing>("p", "k").await.unwrap().unwrap();
    let anew = Thing::new("p", "k").text("anew").tags(&["new"]);
    store.commit(Batch::new().spend(&read).put(&anew)).await.unwrap();
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value, anew);
}

pub async fn a_conflict_names_its_row(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "taken"))).await.unwrap();
    let batch = Batch::new().insert(&Thing::new("p", "free")).insert(&Thing::new("p", "taken"));
    match store.commit(batch).await {
        Err(CommitError::Conflict(row)) => {
            assert_eq!((row.collection, &*row.partition, &*row.key), ("contract_thing", "p", "taken"));
        }
        other => panic!("{other:?}"),
    }
}

pub async fn an_empty_batch_does_nothing(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new()).await.unwrap();
}

pub async fn names_that_cannot_be_kept_are_refused(Fixture { store, .. }: Fixture) {
    let long = "k".repeat(crate::engine::NAME_LIMIT);
    store.commit(Batch::new().put(&Thing::new("p", &long).tags(&[&long]))).await.unwrap();
    assert!(store.get::<Thing>("p", &long).await.unwrap().is_some());
    // As long together as they may be, and nothing that could be compressed.
    let noise = |length: usize, seed: u64| -> String {
        let step =
            |state: &u64| Some(state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f));
        let letters =
            std::iter::successors(Some(seed), step).skip(1).map(|state| (b'!' + (state >> 58) as u8) as char);
        letters.take(length).collect()
    };
    let longest = Thing::new(&noise(512, 1), &noise(1024, 2)).tags(&[&noise(1024, 3)]);
    store.commit(Batch::new().put(&longest)).await.unwrap();
    assert!(store.get::<Thing>(&longest.partition, &longest.key).await.unwrap().is_some());
    let refused =
        store.commit(Batch::new().put(&Thing::new(&noise(513, 4), &noise(1024, 5)).tags(&[&noise(1024, 6)])));
    assert!(matches!(refused.await, Err(CommitError::Store(StoreError::Invalid(_)))));
    let too_long = "k".repeat(crate::engine::NAME_LIMIT + 1);
    for (partition, key, tag) in
        [("", "k", "t"), ("p", "", "t"), ("p", "a\0b", "t"), ("p", &too_long, "t"), ("p", "k", &too_long)]
    {
        let refused = store.commit(Batch::new().put(&Thing::new(partition, key).tags(&[tag]))).await;
        assert!(matches!(refused, Err(CommitError::Store(StoreError::Invalid(_)))), "{refused:?}");
    }
    // Asking for such a row is no error: there is none.
    for key in ["", "a\0b", &too_long] {
        assert_eq!(store.get::<Thing>("p", key).await.unwrap(), None);
    }
}

pub async fn a_large_body_and_odd_text_come_back(Fixture { store, .. }: Fixture) {
    let odd = "quote ' \" backslash \\ nul \0 newline \n \u{2028} 😀 \u{10ffff} Ω ﬁ e\u{301}";
    let thing = Thing::new("p'; DROP TABLE rows; --", "k\u{1}\"'%_*?[\\").text(&odd.repeat(20_000));
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    assert_eq!(store.get::<Thing>(&thing.partition, &thing.key).await.unwrap().unwrap().value, thing);
}

pub async fn many_rows_in_one_batch(Fixture { store, .. }: Fixture) {
    let batch = (0..2000).fold(Batch::new(), |batch, number| {
        batch.insert(&Thing::new("p", &format!("{number:04}")).tags(&["all"]))
    });
    store.commit(batch).await.unwrap();
    assert_eq!(store.query_all(crate::Query::<Thing>::in_partition("p")).await.unwrap().len(), 2000);
}
