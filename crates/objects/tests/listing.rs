//! Listing beside the plainest listing there is: all keys, folded, sorted, cut into pages.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{collections::BTreeSet, sync::Arc};

use base::{Region, Timestamp};
use bytes::Bytes;
use objects::{ListOptions, Objects, Parts, PutOptions, Settings};
use proptest::prelude::*;
use store::Store;
use store_sqlite::SqliteEngine;

struct Still;

impl ports::Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_720_000_000)
    }
}

impl ports::Rng for Still {
    fn fill(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }
}

async fn bucket_of(keys: &BTreeSet<String>) -> Objects {
    let engine = SqliteEngine::in_memory(Arc::new(|| Timestamp::from_seconds(1_720_000_000))).unwrap();
    let store = Store::new(Arc::new(engine));
    let (clock, rng) = (Arc::new(Still), Arc::new(Still));
    let objects = Objects::open(Parts { store, clock, rng, region: Region::default() });
    objects.create_bucket("bucket", "000000000000", Settings::default()).await.unwrap();
    for key in keys {
        objects.put("bucket", key, Bytes::new(), PutOptions::default()).await.unwrap();
    }
    objects
}

/// Keys and folded prefixes together, in order.
fn expected(
    keys: &BTreeSet<String>,
    prefix: &str,
    delimiter: Option<&str>,
    after: Option<&str>,
) -> Vec<String> {
    let mut entries = BTreeSet::new();
    for key in keys.iter().filter(|key| key.starts_with(prefix)) {
        let folded = delimiter.and_then(|delimiter| {
            let end = prefix.len() + key[prefix.len()..].find(delimiter)? + delimiter.len();
            Some(key[..end].to_owned())
        });
        match (folded, after) {
            // What the marker itself is folded into has been shown.
            (Some(folded), Some(after)) if folded == after => {}
            (_, Some(after)) if key.as_str() <= after => {}
            (Some(folded), _) => drop(entries.insert(folded)),
            (None, _) => drop(entries.insert(key.clone())),
        }
    }
    entries.into_iter().collect()
}

async fn joined(objects: &Objects, options: ListOptions) -> Vec<String> {
    let (mut options, mut joined) = (options, Vec::new());
    loop {
        let page = objects.list("bucket", &options).await.unwrap();
        let mut entries = page.common_prefixes;
        entries.extend(page.objects.into_iter().map(|object| object.key));
        assert!(entries.len() <= options.limit);
        entries.sort();
        assert!(page.next.is_none() || page.next.as_ref() == entries.last());
        joined.extend(entries);
        match page.next {
            Some(next) => options.after = Some(next),
            None => return joined,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn pages_are_the_whole_list_cut(
        keys in prop::collection::btree_set("[ab/é\u{10ffff}]{1,5}", 0..25),
        prefix in "[ab/é]{0,2}",
        delimiter in prop::option::of("(/|b|a/)"),
        after in prop::option::of("[ab/é]{1,4}"),
        limit in 1_usize..6,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let objects = bucket_of(&keys).await;
            let options =
                ListOptions { prefix: prefix.clone(), delimiter: delimiter.clone(), after: after.clone(), limit };
            let found = joined(&objects, options).await;
            assert_eq!(found, expected(&keys, &prefix, delimiter.as_deref(), after.as_deref()));
        });
    }
}
