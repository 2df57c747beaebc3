//! Rows of a partition, in the order of their keys, page by page.

use base::PageToken;

use super::{Fixture, Thing};
use crate::{Batch, Collection, Query, Store, collection::IndexEntry};

/// In the order of their UTF-8 bytes: neither a locale's nor UTF-16's.
const ORDERED: [&str; 12] =
    ["!", "0", "10", "9", "A", "Z", "a", "a\u{1}", "aa", "e\u{301}", "é", "\u{ffff}\u{10000}"];

pub async fn rows_come_in_byte_order(Fixture { store, .. }: Fixture) {
    put_all(&store, ORDERED.iter().rev()).await;
    assert_eq!(keys(&store, all()).await, ORDERED);
}

pub async fn pages_join_without_gap_or_double(Fixture { store, .. }: Fixture) {
    put_all(&store, &ORDERED).await;
    for limit in 1..=ORDERED.len() + 1 {
        let mut joined = Vec::new();
        let mut after = None;
        loop {
            let page = store.query(all().limit(limit).after(after)).await.unwrap();
            assert!(page.rows.len() <= limit);
            joined.extend(page.rows.into_iter().map(|row| row.value.key));
            match page.next {
                // What went over the wire and came back is the same.
                Some(next) => after = Some(PageToken::from_wire(&next.to_wire()).unwrap()),
                None => break,
            }
        }
        assert_eq!(joined, ORDERED, "in pages of {limit}");
    }
    let exact = store.query(all().limit(ORDERED.len())).await.unwrap();
    assert_eq!(exact.next, None, "a full last page is the last");
}

pub async fn ranges_of_keys(Fixture { store, .. }: Fixture) {
    put_all(&store, &["a", "ab", "abc", "b", "b\u{10ffff}", "c", "\u{10ffff}", "\u{10ffff}x"]).await;
    assert_eq!(keys(&store, all().starts_with("ab")).await, ["ab", "abc"]);
    assert_eq!(keys(&store, all().starts_with("b\u{10ffff}")).await, ["b\u{10ffff}"]);
    assert_eq!(keys(&store, all().starts_with("\u{10ffff}")).await, ["\u{10ffff}", "\u{10ffff}x"]);
    assert_eq!(keys(&store, all().starts_with("")).await.len(), 8);
    assert_eq!(keys(&store, all().equals("ab")).await, ["ab"]);
    assert!(keys(&store, all().equals("AB")).await.is_empty(), "case counts");
    assert_eq!(keys(&store, all().between("ab", "b")).await, ["ab", "abc"]);
    assert!(keys(&store, all().between("b", "ab")).await.is_empty());
    // What means something to LIKE or GLOB means itself.
    put_all(&store, &["100%", "1000", "x_y", "xzy"]).await;
    assert_eq!(keys(&store, all().starts_with("100%")).await, ["100%"]);
    assert_eq!(keys(&store, all().starts_with("x_")).await, ["x_y"]);
    // Ranges are paged too.
    let page = store.query(all().starts_with("a").limit(2)).await.unwrap();
    assert_eq!(keys(&store, all().starts_with("a").after(page.next)).await, ["abc"]);
}

pub async fn partitions_are_apart(Fixture { store, .. }: Fixture) {
    let batch = Batch::new().put(&Thing::new("p", "k").text("p")).put(&Thing::new("pp", "k").text("pp"));
    store.commit(batch).await.unwrap();
    assert_eq!(store.get::<Thing>("p", "k").await.unwrap().unwrap().value.text, "p");
    assert_eq!(keys(&store, all()).await, ["k"]);
    store.commit(Batch::new().delete::<Thing>("p", "k")).await.unwrap();
    assert!(store.get::<Thing>("pp", "k").await.unwrap().is_some());
}

pub async fn collections_are_apart(Fixture { store, .. }: Fixture) {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    struct Other;
    impl Collection for Other {
        const NAME: &'static str = "contract_other";
        fn partition(&self) -> &'static str {
            "p"
        }
        fn key(&self) -> String {
            String::from("k")
        }
        fn indexes(&self) -> Vec<IndexEntry> {
            vec![IndexEntry::new("by_tag", "t")]
        }
    }
    store.commit(Batch::new().insert(&Other).insert(&Thing::new("p", "k").tags(&["t"]))).await.unwrap();
    assert_eq!(keys(&store, all().index("by_tag").equals("t")).await, ["k"]);
    store.commit(Batch::new().delete::<Other>("p", "k")).await.unwrap();
    assert!(store.get::<Other>("p", "k").await.unwrap().is_none());
    assert_eq!(keys(&store, all().index("by_tag").equals("t")).await, ["k"]);
}

pub async fn partitions_are_listed_in_pages(Fixture { store, clock }: Fixture) {
    let names = ["A", "a", "aa", "b", "é", "\u{10000}"];
    for name in names {
        let batch = Batch::new().put(&Thing::new(name, "1")).put(&Thing::new(name, "2"));
        store.commit(batch).await.unwrap();
    }
    let gone = Thing::new("b0", "k").expires_at(clock.now().plus_millis(1));
    store.commit(Batch::new().put(&gone)).await.unwrap();
    clock.advance_millis(1);
    let list = async |after: Option<&str>, limit| {
        store.engine().partitions(Thing::NAME, after.map(str::to_owned), limit).await.unwrap()
    };
    assert_eq!(list(None, 100).await, names);
    assert_eq!(list(None, 2).await, names[..2]);
    assert_eq!(list(Some("a"), 3).await, names[2..5]);
    assert!(list(Some("\u{10000}"), 3).await.is_empty());
    assert_eq!(store.scan::<Thing>().await.unwrap().len(), 2 * names.len());
}

pub async fn a_limit_has_bounds(Fixture { store, .. }: Fixture) {
    put_all(&store, &["a", "b", "c"]).await;
    assert_eq!(store.query(all().limit(0)).await.unwrap().rows.len(), 1);
    assert_eq!(store.query(all().limit(usize::MAX)).await.unwrap().rows.len(), 3);
}

pub async fn a_page_goes_on_after_a_row_that_is_gone(Fixture { store, .. }: Fixture) {
    put_all(&store, &["a", "b", "c", "d"]).await;
    let page = store.query(all().limit(2)).await.unwrap();
    store.commit(Batch::new().delete::<Thing>("p", "b").put(&Thing::new("p", "a0"))).await.unwrap();
    assert_eq!(keys(&store, all().after(page.next)).await, ["c", "d"]);
}

pub async fn get_many_keeps_the_order(Fixture { store, .. }: Fixture) {
    put_all(&store, &["a", "b", "c"]).await;
    let read = store.get_many::<Thing>(&[("p", "c"), ("p", "none"), ("p", "a"), ("p", "c")]).await.unwrap();
    let keys: Vec<_> = read.iter().map(|row| row.as_ref().map(|row| &*row.value.key)).collect();
    assert_eq!(keys, [Some("c"), None, Some("a"), Some("c")]);
    assert!(store.get_many::<Thing>(&[]).await.unwrap().is_empty());
}

pub(super) fn all() -> Query<Thing> {
    Query::in_partition("p")
}

pub(super) async fn keys(store: &Store, query: Query<Thing>) -> Vec<String> {
    store.query_all(query).await.unwrap().into_iter().map(|row| row.value.key).collect()
}

async fn put_all(store: &Store, keys: impl IntoIterator<Item = &&'static str>) {
    let batch = keys.into_iter().fold(Batch::new(), |batch, key| batch.put(&Thing::new("p", key)));
    store.commit(batch).await.unwrap();
}
