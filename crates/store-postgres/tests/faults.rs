//! What users notice when the database goes wrong: an answer in time, and no commit lost or done twice.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use store::{
    Batch, CommitError, Query, Store, StoreError,
    contract::{HeldClock, Thing},
};
use store_postgres::{Options, PostgresEngine};
use support::proxy::Proxy;
use test_postgres::{Server, Settings};
use tokio::task::JoinSet;

/// Short, so that the tests are.
fn impatient() -> Options {
    let clock = HeldClock::new();
    Options {
        connections: 4,
        deadline: Duration::from_millis(1500),
        statement: Duration::from_millis(700),
        connect: Duration::from_millis(500),
        ..Options::new(Arc::new(move || clock.now()))
    }
}

/// With time enough to outlive a restart.
fn patient() -> Options {
    Options { deadline: Duration::from_secs(20), statement: Duration::from_secs(4), ..impatient() }
}

async fn connect(url: &str, options: Options) -> Store {
    Store::new(Arc::new(PostgresEngine::connect(url, options).await.unwrap()))
}

/// Tries until it works; says for how long it did not.
async fn until_it_works(store: &Store, key: &str) -> Duration {
    let since = Instant::now();
    while store.commit(Batch::new().put(&Thing::new("p", key))).await.is_err() {
        assert!(since.elapsed() < Duration::from_secs(30), "it does not recover");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    since.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_frozen_server_does_not_freeze_us() {
    let server = Server::start();
    let store = connect(&server.database("frozen"), impatient()).await;
    store.commit(Batch::new().put(&Thing::new("p", "before"))).await.unwrap();
    server.freeze();
    let since = Instant::now();
    let mut calls = JoinSet::new();
    for number in 0..20 {
        let store = store.clone();
        calls.spawn(async move {
            let thing = Thing::new("p", &number.to_string());
            let commit = store.commit(Batch::new().put(&thing)).await;
            assert!(matches!(commit, Err(CommitError::Store(StoreError::Unavailable(_)))), "{commit:?}");
            let read = store.get::<Thing>("p", "before").await;
            assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
        });
    }
    calls.join_all().await;
    assert!(since.elapsed() < Duration::from_secs(5), "a commit and a read took {:?}", since.elapsed());
    assert!(matches!(store.engine().ready().await, Err(StoreError::Unavailable(_))));
    server.thaw();
    let gap = until_it_works(&store, "after").await;
    assert!(gap < Duration::from_secs(5), "it took {gap:?} to recover");
    store.engine().ready().await.unwrap();
    assert!(store.get::<Thing>("p", "before").await.unwrap().is_some());
}

/// Each task counts a row up; an unknown outcome is looked up by reading. Then the count tells whether one was lost or
/// done twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_server_loses_nothing_it_acknowledged() {
    const TASKS: usize = 6;
    const ROUNDS: usize = 3;
    let server = Server::start_with(&Settings { durable: true, ..Settings::default() });
    let url = server.database("killed");
    let store = connect(&url, patient()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (store, stop) = (store.clone(), stop.clone());
        tasks.spawn(async move {
            let key = format!("task-{task}");
            let (mut acknowledged, mut unknown) = (0_u64, 0_u64);
            while !stop.load(Ordering::SeqCst) {
                let Ok(read) = store.get::<Thing>("p", &key).await else { continue };
                let number = read.as_ref().map_or(0, |row| row.value.number);
                let next = Thing::new("p", &key).number(number + 1);
                let batch = match &read {
                    Some(read) => Batch::new().replace(read, &next),
                    None => Batch::new().insert(&next),
                };
                // An entry of its own for each, which nobody may find there already.
                match store.commit(batch.insert(&Thing::new(&key, &format!("{:08}", number + 1)))).await {
                    Ok(()) => acknowledged += 1,
                    Err(CommitError::Store(StoreError::Unavailable(_))) => unknown += 1,
                    Err(other) => panic!("{key} is alone with its rows, and yet: {other}"),
                }
            }
            (key, acknowledged, unknown)
        });
    }
    for round in 0..ROUNDS {
        wait_for_commits(&store, round).await;
        server.kill();
        server.start_again();
    }
    wait_for_commits(&store, ROUNDS).await;
    stop.store(true, Ordering::SeqCst);
    let mut total = 0;
    for (key, acknowledged, unknown) in tasks.join_all().await {
        let number = store.get::<Thing>("p", &key).await.unwrap().unwrap().value.number;
        assert!(number >= acknowledged, "{key}: {acknowledged} were acknowledged, {number} are there");
        assert!(number <= acknowledged + unknown, "{key}: {number} are there, more than were asked for");
        let entries = store.query_all(Query::<Thing>::in_partition(&key)).await.unwrap();
        assert_eq!(entries.len() as u64, number, "{key} is half done");
        total += acknowledged;
    }
    assert!(total > 50, "too few commits to say anything: {total}");
}

/// Commits go on: some more are there than were before.
async fn wait_for_commits(store: &Store, round: usize) {
    let count = async || {
        let rows = store.query_all(Query::<Thing>::in_partition("p")).await.unwrap_or_default();
        rows.iter().map(|row| row.value.number).sum::<u64>()
    };
    let (since, before) = (Instant::now(), count().await);
    while count().await < before + 20 {
        assert!(since.elapsed() < Duration::from_secs(60), "round {round}: nothing is committed any more");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lost_answer_neither_doubles_nor_loses() {
    let server = support::server();
    server.database("lost");
    let proxy = Proxy::start(server.port()).await;
    let store = connect(&proxy.url("lost"), patient()).await;
    let thing = Thing::new("p", "once");
    // What inserts would conflict with itself if it were done twice; what only puts would be at version 2.
    proxy.cut_after_the_next_commits(1);
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    proxy.cut_after_the_next_commits(3);
    store.commit(Batch::new().put(&Thing::new("p", "put"))).await.unwrap();
    assert_eq!(store.get::<Thing>("p", "put").await.unwrap().unwrap().version, 1);
    // A one-time thing is spent once, and its spender is told so.
    let read = store.get::<Thing>("p", "once").await.unwrap().unwrap();
    proxy.cut_after_the_next_commits(2);
    store.commit(Batch::new().spend(&read)).await.unwrap();
    assert!(matches!(store.commit(Batch::new().spend(&read)).await, Err(CommitError::Conflict(_))));
    // A conflict whose answer was lost is still a conflict, and leaves nothing behind that says otherwise.
    store.commit(Batch::new().insert(&thing)).await.unwrap();
    proxy.cut_after_the_next_commits(1);
    assert!(matches!(store.commit(Batch::new().insert(&thing)).await, Err(CommitError::Conflict(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_outcome_that_stays_unknown_is_unavailable() {
    let server = support::server();
    server.database("unknown");
    let proxy = Proxy::start(server.port()).await;
    let store = connect(&proxy.url("unknown"), impatient()).await;
    let mut changes = store.changes();
    proxy.cut_after_the_next_commits(u32::MAX);
    let outcome = store.commit(Batch::new().insert(&Thing::new("p", "k"))).await;
    assert!(matches!(outcome, Err(CommitError::Store(StoreError::Unavailable(_)))), "{outcome:?}");
    // It was done, and whoever holds the row in memory hears of it.
    assert_eq!(tokio::time::timeout(Duration::from_secs(2), changes.recv()).await.unwrap().unwrap().key, "k");
    proxy.cut_after_the_next_commits(0);
    assert!(store.get::<Thing>("p", "k").await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_only_reads_is_not_ready() {
    let server = support::server();
    let url = server.database("readonly");
    // Connections are made anew in it, which takes its time on a busy machine.
    let options =
        Options { deadline: Duration::from_secs(4), connect: Duration::from_secs(2), ..impatient() };
    let store = connect(&url, options).await;
    store.engine().ready().await.unwrap();
    let set = |word: &str| {
        server.sql("postgres", &format!("ALTER DATABASE readonly {word}"));
        server.sql(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'readonly'",
        );
    };
    set("SET default_transaction_read_only = on");
    let refused = store.engine().ready().await.unwrap_err();
    assert!(matches!(&refused, StoreError::Unavailable(_)), "{refused}");
    assert!(store.get::<Thing>("p", "k").await.is_ok(), "reading works, and is not enough");
    set("RESET default_transaction_read_only");
    until_it_works(&store, "k").await;
    store.engine().ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn another_nodes_commit_is_heard_within_a_second() {
    let url = support::database();
    let (here, there) = (connect(&url, impatient()).await, connect(&url, impatient()).await);
    let mut changes = there.changes();
    for round in 0..5 {
        let since = Instant::now();
        here.commit(Batch::new().put(&Thing::new("p", &round.to_string()))).await.unwrap();
        let change = tokio::time::timeout(Duration::from_secs(1), changes.recv()).await.unwrap().unwrap();
        assert_eq!((&*change.collection, change.key), ("contract_thing", round.to_string()));
        println!("heard after {:?}", since.elapsed());
    }
}

/// Whoever follows the changes is thrown off; what was committed meanwhile is not known, so everything is dropped.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_gap_in_what_is_heard_is_told() {
    let server = support::server();
    let url = support::database();
    let (here, there) = (connect(&url, impatient()).await, connect(&url, impatient()).await);
    let mut changes = there.changes();
    let name = url.rsplit('/').next().unwrap();
    server.sql(
        "postgres",
        &format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = '{name}' AND application_name = 'poolhouse'"
        ),
    );
    let told = tokio::time::timeout(Duration::from_secs(5), changes.recv()).await.unwrap();
    assert!(told.is_err(), "{told:?}");
    until_it_works(&here, "after").await;
    let change = tokio::time::timeout(Duration::from_secs(2), changes.recv()).await.unwrap().unwrap();
    assert_eq!(change.key, "after");
}

/// What is limited for all of them is divided by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn servers_know_how_many_they_are() {
    let url = support::database();
    let quick = || Options { look: Duration::from_millis(50), ..impatient() };
    let (here, there) = (connect(&url, quick()).await, connect(&url, quick()).await);
    let until = async |nodes: usize| {
        let since = Instant::now();
        while here.nodes() != nodes {
            assert!(since.elapsed() < Duration::from_secs(10), "{} and not {nodes}", here.nodes());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert_eq!(there.nodes(), 2);
    until(2).await;
    there.engine().close().await.unwrap();
    until(1).await;
}
