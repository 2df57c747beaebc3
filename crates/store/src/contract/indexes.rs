//! Index entries go with their rows, whatever happens to those.

use base::PageToken;

use super::{
    Fixture, Thing,
    queries::{all, keys},
};
use crate::{Batch, Query};

pub async fn an_index_finds_what_was_written(Fixture { store, .. }: Fixture) {
    let batch = Batch::new()
        .put(&Thing::new("p", "1").tags(&["red"]))
        .put(&Thing::new("p", "2").tags(&["blue"]))
        .put(&Thing::new("p", "3").tags(&["red"]))
        .put(&Thing::new("p", "4"))
        .put(&Thing::new("q", "5").tags(&["red"]))
        .put(&Thing::new("p", "6").tags(&["", "redder"]));
    store.commit(batch).await.unwrap();
    assert_eq!(keys(&store, by_tag().equals("red")).await, ["1", "3"]);
    assert_eq!(keys(&store, by_tag().equals("")).await, ["6"]);
    assert!(keys(&store, by_tag().equals("re")).await.is_empty());
    assert!(keys(&store, all().index("by_nothing")).await.is_empty());
}

pub async fn a_changed_value_leaves_the_old_one(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "k").tags(&["a", "b"]))).await.unwrap();
    store.commit(Batch::new().put(&Thing::new("p", "k").tags(&["b", "c"]))).await.unwrap();
    assert!(keys(&store, by_tag().equals("a")).await.is_empty());
    assert_eq!(keys(&store, by_tag().equals("b")).await, ["k"]);
    assert_eq!(keys(&store, by_tag().equals("c")).await, ["k"]);
    store.commit(Batch::new().put(&Thing::new("p", "k"))).await.unwrap();
    assert!(keys(&store, by_tag()).await.is_empty());
}

pub async fn a_deleted_row_leaves_its_indexes(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "k").tags(&["a"]))).await.unwrap();
    store.commit(Batch::new().delete::<Thing>("p", "k")).await.unwrap();
    assert!(keys(&store, by_tag()).await.is_empty());
    store.commit(Batch::new().put(&Thing::new("p", "k"))).await.unwrap();
    assert!(keys(&store, by_tag()).await.is_empty(), "the old entry found the new row");
}

pub async fn ties_are_paged(Fixture { store, .. }: Fixture) {
    // Separators that a page token might be tempted to use stand in values and keys.
    let rows =
        [("a:", "1"), ("a:", "1:2"), ("a:", "2"), ("a:1", ":"), ("b", "0"), ("b", "é"), ("é", "\u{1f}")];
    let batch =
        rows.iter().fold(Batch::new(), |batch, (tag, key)| batch.put(&Thing::new("p", key).tags(&[tag])));
    store.commit(batch).await.unwrap();
    let expected: Vec<&str> = rows.iter().map(|(_, key)| *key).collect();
    for limit in 1..=rows.len() {
        let mut joined = Vec::new();
        let mut after = None;
        loop {
            let page = store.query(by_tag().limit(limit).after(after)).await.unwrap();
            joined.extend(page.rows.into_iter().map(|row| row.value.key));
            after = page.next.map(|next| PageToken::from_wire(&next.to_wire()).unwrap());
            if after.is_none() {
                break;
            }
        }
        assert_eq!(joined, expected, "in pages of {limit}");
    }
    let first = store.query(by_tag().equals("a:").limit(2)).await.unwrap();
    assert_eq!(keys(&store, by_tag().equals("a:").after(first.next)).await, ["2"]);
}

pub async fn ranges_of_an_index(Fixture { store, .. }: Fixture) {
    let batch = ["2024-01", "2024-02", "2024-02", "2024-03", "2025-01"]
        .iter()
        .enumerate()
        .fold(Batch::new(), |batch, (number, tag)| {
            batch.put(&Thing::new("p", &number.to_string()).tags(&[tag]))
        });
    store.commit(batch).await.unwrap();
    assert_eq!(keys(&store, by_tag().starts_with("2024-")).await, ["0", "1", "2", "3"]);
    assert_eq!(keys(&store, by_tag().between("2024-02", "2025-01")).await, ["1", "2", "3"]);
    assert_eq!(keys(&store, by_tag()).await, ["0", "1", "2", "3", "4"]);
    let page = store.query(by_tag().between("2024-02", "2025-01").limit(1)).await.unwrap();
    assert_eq!(keys(&store, by_tag().between("2024-02", "2025-01").after(page.next)).await, ["2", "3"]);
}

pub async fn a_row_may_stand_in_an_index_twice(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "k").tags(&["b", "a", "b"]))).await.unwrap();
    assert_eq!(keys(&store, by_tag()).await, ["k", "k"]);
    let first = store.query(by_tag().limit(1)).await.unwrap();
    assert_eq!(keys(&store, by_tag().after(first.next)).await, ["k"]);
}

/// Tokens come from clients: an odd one is refused or finds rows of this query, and nothing else.
pub async fn a_made_up_page_token_does_no_harm(Fixture { store, .. }: Fixture) {
    let batch = Batch::new()
        .put(&Thing::new("p", "1").tags(&["a"]))
        .put(&Thing::new("p", "2").tags(&["b"]))
        .put(&Thing::new("q", "3").tags(&["b"]));
    store.commit(batch).await.unwrap();
    let queries =
        [by_tag().equals("b"), by_tag().between("b", "c"), all().between("2", "3"), by_tag(), all()];
    for token in [
        "",
        ":",
        "x",
        "99:a",
        "1:a",
        "1:é",
        "18446744073709551616:",
        "0:",
        "-1:a",
        "1:c",
        "'",
        "2",
        "\u{10ffff}",
    ] {
        for query in &queries[..3] {
            let token = Some(PageToken(token.to_owned()));
            if let Ok(page) = store.query(query.clone().after(token)).await {
                assert!(page.rows.iter().all(|row| row.value.key == "2"), "{:?}", page.rows);
            }
        }
        for query in &queries[3..] {
            let token = Some(PageToken(token.to_owned()));
            if let Ok(page) = store.query(query.clone().after(token)).await {
                assert!(page.rows.iter().all(|row| row.value.partition == "p"));
            }
        }
    }
}

pub async fn a_failed_batch_leaves_no_index_entry(Fixture { store, .. }: Fixture) {
    store.commit(Batch::new().put(&Thing::new("p", "taken"))).await.unwrap();
    let batch = Batch::new()
        .put(&Thing::new("p", "k").tags(&["a"]))
        .put(&Thing::new("p", "taken").tags(&["a"]))
        .expect_absent::<Thing>("p", "taken");
    store.commit(batch).await.unwrap_err();
    assert!(keys(&store, by_tag()).await.is_empty());
}

fn by_tag() -> Query<Thing> {
    all().index("by_tag")
}
