//! Everything out, and in again.

use base::Timestamp;
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::{Fixture, Thing};
use crate::{
    Batch, Collection, Query, Store, StoreError,
    moving::{Moved, MovedRow, Record, Records},
};

pub async fn what_was_exported_is_imported_alike(Fixture { store, clock }: Fixture) {
    let sent = house(clock.now());
    let moved = store.engine().import(stream(sent.clone())).await.unwrap();
    assert_eq!(moved, Moved { rows: 1503, blobs: 3 });
    assert_eq!(sorted(all_of(&store).await), sorted(sent));
    // It is a store like any other: found by key and by index, expired where it should be, written on from its version.
    let read = store.get::<Thing>("p", "0007").await.unwrap().unwrap();
    assert_eq!(read.version, 42);
    let by_tag = Query::<Thing>::in_partition("p").index("by_tag").equals("even");
    assert_eq!(store.query_all(by_tag.clone()).await.unwrap().len(), 750);
    assert_eq!(store.get::<Thing>("p", "expired").await.unwrap(), None);
    store.commit(Batch::new().replace(&read, &Thing::new("p", "0007").tags(&["even"]))).await.unwrap();
    assert_eq!(store.get::<Thing>("p", "0007").await.unwrap().unwrap().version, 43);
    store.commit(Batch::new().delete::<Thing>("p", "0008")).await.unwrap();
    assert_eq!(store.query_all(by_tag).await.unwrap().len(), 750);
    assert_eq!(store.engine().sweep(10).await.unwrap(), 1);
    assert_eq!(store.get_blob(&hash(&[7; LARGE])).await.unwrap().unwrap().len(), LARGE);
}

/// What is committed while the records are on their way is in them as a whole or not at all; here not at all.
pub async fn an_export_is_of_one_moment(Fixture { store, .. }: Fixture) {
    let batch = (0..1000).fold(Batch::new(), |batch, number| {
        batch.put(&Thing::new("p", &format!("{number:04}")).text("before"))
    });
    store.commit(batch).await.unwrap();
    let mut records = store.engine().export().await.unwrap();
    let first = records.recv().await.unwrap().unwrap();
    let batch = (0..1000).fold(Batch::new(), |batch, number| {
        let thing = Thing::new("p", &format!("{number:04}")).text("after");
        if number % 2 == 0 { batch.put(&thing) } else { batch.delete::<Thing>("p", &thing.key) }
    });
    store.commit(batch.put(&Thing::new("p", "new"))).await.unwrap();
    let mut rest = vec![first];
    while let Some(record) = records.recv().await {
        rest.push(record.unwrap());
    }
    assert_eq!(rest.pop(), Some(Record::End(Moved { rows: 1000, blobs: 0 })));
    for record in rest {
        let Record::Row(row) = record else { panic!("{record:?}") };
        assert!(row.body.contains("before") && row.version == 1, "{row:?}");
    }
}

pub async fn an_import_that_is_cut_off_leaves_no_row(Fixture { store, clock }: Fixture) {
    let whole = house(clock.now());
    let without_end = whole[..whole.len() - 1].to_vec();
    let too_few = [&whole[1..]].concat();
    for records in [without_end, too_few] {
        let refused = store.engine().import(stream(records)).await;
        assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    }
    let (sender, receiver) = mpsc::channel(4);
    sender.try_send(Ok(whole[0].clone())).unwrap();
    sender.try_send(Err(StoreError::Corrupt(String::from("the source is broken")))).unwrap();
    let refused = store.engine().import(receiver).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
    assert!(store.scan::<Thing>().await.unwrap().is_empty());
    store.engine().ready().await.unwrap();
    store.engine().import(stream(whole)).await.unwrap();
}

pub async fn only_an_empty_store_is_imported_into(Fixture { store, clock }: Fixture) {
    let thing = Thing::new("p", "there").expires_at(clock.now().plus_millis(1));
    store.commit(Batch::new().put(&thing)).await.unwrap();
    let refused = store.engine().import(stream(house(clock.now()))).await;
    assert!(matches!(refused, Err(StoreError::Invalid(_))), "{refused:?}");
    assert_eq!(store.scan::<Thing>().await.unwrap().len(), 1);
}

/// More than any engine or file keeps in one piece.
const LARGE: usize = 3_000_000;

fn hash(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Rows, more than one page of them, of two collections, expired and not; blobs, large and empty.
pub fn house(now: Timestamp) -> Vec<Record> {
    let row = |key: &str, version, expires_at, tags: &[&str]| {
        let thing = Thing { expires_at, ..Thing::new("p", key).tags(tags) };
        Record::Row(MovedRow {
            collection: Thing::NAME.to_owned(),
            partition: thing.partition.clone(),
            key: thing.key.clone(),
            version,
            expires_at,
            indexes: tags.iter().map(|tag| (String::from("by_tag"), (*tag).to_owned())).collect(),
            body: serde_json::to_string(&thing).unwrap(),
        })
    };
    let mut house: Vec<Record> = (0..1500)
        .map(|number| {
            let tags: &[&str] = if number % 2 == 0 { &["even", "e\u{301}"] } else { &[] };
            row(&format!("{number:04}"), if number == 7 { 42 } else { 1 }, None, tags)
        })
        .collect();
    house.push(row("expired", 3, Some(now), &["even"]));
    house.push(row("later", 1, Some(now.plus_millis(1000)), &[]));
    house.push(Record::Row(MovedRow {
        collection: String::from("nobody_knows"),
        partition: String::from("\u{10000}"),
        key: String::from("'\"\\"),
        version: 9,
        expires_at: None,
        indexes: vec![(String::from("by_x"), String::new())],
        body: String::from("[1, \"\\u0000\"]"),
    }));
    for content in [vec![7; LARGE], Vec::new(), vec![1]] {
        house.push(Record::Blob { sha256: hash(&content), content: Bytes::from(content) });
    }
    house.push(Record::End(Moved { rows: 1503, blobs: 3 }));
    house
}

pub fn stream(records: Vec<Record>) -> Records {
    let (sender, receiver) = mpsc::channel(records.len().max(1));
    for record in records {
        sender.try_send(Ok(record)).unwrap();
    }
    receiver
}

/// All that `store` exports.
pub async fn all_of(store: &Store) -> Vec<Record> {
    let mut records = store.engine().export().await.unwrap();
    let mut all = Vec::new();
    while let Some(record) = records.recv().await {
        all.push(record.unwrap());
    }
    all
}

/// Engines keep rows and index entries in orders of their own.
pub fn sorted(mut records: Vec<Record>) -> Vec<Record> {
    for record in &mut records {
        if let Record::Row(row) = record {
            row.indexes.sort();
        }
    }
    let name = |record: &Record| match record {
        Record::Row(row) => (0, row.collection.clone(), row.partition.clone(), row.key.clone()),
        Record::Blob { sha256, .. } => (1, sha256.clone(), String::new(), String::new()),
        Record::End(_) => (2, String::new(), String::new(), String::new()),
    };
    records.sort_by_key(name);
    records
}
