//! Random batches that conflict, by many tasks on two nodes, over lines that are cut: whatever comes of it must be what
//! some order of the committed batches gives.
//!
//! Every batch that writes puts its own name into a row of a chain: it expects the chain's last version and says which
//! batch stood there. So the committed batches have an order, and each expectation can be checked against the state that
//! order gives, whatever the tasks were told.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use proptest::prelude::*;
use store::{
    Batch, CommitError, Query, Store, StoreError,
    contract::{HeldClock, Thing},
};
use store_postgres::{Options, PostgresEngine};
use support::proxy::Proxy;
use tokio::task::JoinSet;

const KEYS: [&str; 3] = ["a", "b", "c"];

/// One task's steps, a byte each.
async fn play(store: Store, task: usize, steps: Vec<u8>) -> Vec<(String, bool)> {
    let mut told = Vec::new();
    for (number, step) in steps.into_iter().enumerate() {
        let name = format!("{task}-{number}");
        let (reads, writes) = (KEYS[usize::from(step) % 3], KEYS[usize::from(step / 3) % 3]);
        // Write skew, were there any: what is read is not what is written. Each commit moves one of three counters, by what
        // it read of another.
        let (Ok(read), Ok(written)) =
            (store.get::<Thing>("p", reads).await, store.get::<Thing>("p", writes).await)
        else {
            continue;
        };
        let of = |row: &Option<store::Versioned<Thing>>| row.as_ref().map_or(0, |row| row.value.number);
        let next = Thing::new("p", writes).number(of(&written) + 1).text(&name);
        let log = Thing::new("log", &name)
            .number(of(&read))
            .text(&format!("{reads} {writes} {}", of(&written) + 1));
        let expect = |batch: Batch, key: &str, row: &Option<store::Versioned<Thing>>| match row {
            Some(row) => batch.expect(row),
            None => batch.expect_absent::<Thing>("p", key),
        };
        let batch = expect(expect(Batch::new(), reads, &read), writes, &written).put(&next).insert(&log);
        match store.commit(batch).await {
            Ok(()) => told.push((name, true)),
            Err(CommitError::Conflict(_)) => told.push((name, false)),
            Err(CommitError::Store(StoreError::Unavailable(_))) => {}
            Err(other) => panic!("{other}"),
        }
    }
    told
}

/// The commits of the log, put in an order in which each counter moves by one and each read is of the counter as it stood.
fn check(log: &[Thing], told: &[(String, bool)], last: &BTreeMap<String, u64>) {
    for (name, committed) in told {
        assert_eq!(log.iter().any(|entry| entry.key == *name), *committed, "{name} was told {committed}");
    }
    let mut left: Vec<(String, u64, String, u64)> = log
        .iter()
        .map(|entry| {
            let words: Vec<&str> = entry.text.split(' ').collect();
            (words[0].to_owned(), entry.number, words[1].to_owned(), words[2].parse().unwrap())
        })
        .collect();
    let mut now: BTreeMap<String, u64> = KEYS.iter().map(|key| ((*key).to_owned(), 0)).collect();
    while !left.is_empty() {
        // Where several could be next they read and write apart, or the same read stays true after the other: any will do
        // that no other's read waits on.
        let can =
            |entry: &(String, u64, String, u64)| now[&entry.0] == entry.1 && now[&entry.2] + 1 == entry.3;
        let holds_up = |entry: &(String, u64, String, u64)| {
            left.iter().any(|other| {
                other != entry && other.0 == entry.2 && other.1 == entry.3 - 1 && other.2 != entry.2
            })
        };
        let next = left
            .iter()
            .position(|entry| can(entry) && !holds_up(entry))
            .unwrap_or_else(|| panic!("no order of these gives what is there: {left:?} at {now:?}"));
        let (_, _, written, number) = left.remove(next);
        now.insert(written, number);
    }
    for (key, number) in last {
        assert_eq!(now[key], *number, "{key}");
    }
}

async fn run(scripts: Vec<Vec<u8>>, cuts: u32) {
    let server = support::server();
    let url = support::database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let proxy = Proxy::start(server.port()).await;
    let clock = HeldClock::new();
    let open = async |url: &str| {
        let clock = clock.clone();
        let options = Options {
            connections: 4,
            deadline: Duration::from_secs(20),
            ..Options::new(Arc::new(move || clock.now()))
        };
        Store::new(Arc::new(PostgresEngine::connect(url, options).await.unwrap()))
    };
    let nodes = [open(&url).await, open(&proxy.url(&name)).await];
    proxy.cut_after_the_next_commits(cuts);
    let mut tasks = JoinSet::new();
    for (task, steps) in scripts.into_iter().enumerate() {
        tasks.spawn(play(nodes[task % 2].clone(), task, steps));
    }
    let told: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let all = async |partition: &str| {
        let rows = nodes[0].query_all(Query::<Thing>::in_partition(partition)).await.unwrap();
        rows.into_iter().map(|row| row.value).collect::<Vec<Thing>>()
    };
    let last = all("p").await.into_iter().map(|thing| (thing.key, thing.number)).collect();
    check(&all("log").await, &told, &last);
    for node in nodes {
        node.engine().close().await.unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 20, ..ProptestConfig::default() })]

    #[test]
    fn what_was_committed_has_an_order(
        scripts in prop::collection::vec(prop::collection::vec(0_u8..9, 1..12), 2..7),
        cuts in 0_u32..6,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(run(scripts, cuts));
    }
}
