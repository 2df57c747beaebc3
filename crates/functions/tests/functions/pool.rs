//! Many invocations at once, redeploys under load, throttling, and the end of workers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ports::{Invoke, invoke::InvokeError};
use serde_json::{Value, json};

use crate::house::{House, encoded, invocation};

#[tokio::test(flavor = "multi_thread")]
async fn load_is_shared_among_workers_and_all_is_answered() {
    let house = Arc::new(House::with(|config| config.max_workers_per_function = 4));
    house
        .deploy("busy", "exports.handler = async (e) => { await new Promise((r) => setTimeout(r, 30)); return [process.pid, e.n] }")
        .await;
    let calls: Vec<_> = (0..100)
        .map(|n| {
            let house = Arc::clone(&house);
            tokio::spawn(async move { (n, house.answer("busy", json!({ "n": n })).await) })
        })
        .collect();
    let mut workers = std::collections::BTreeSet::new();
    for call in calls {
        let (n, answer) = call.await.unwrap();
        assert_eq!(answer[1], n);
        workers.insert(answer[0].as_u64().unwrap());
    }
    assert!((2..=4).contains(&workers.len()), "{workers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_call_each_other_do_not_lock_up() {
    // Each invocation of the outer one waits for an inner one of the same function: a second worker must come.
    let house = Arc::new(House::open());
    house
        .deploy(
            "outer",
            "exports.handler = async (e) => { await new Promise((r) => setTimeout(r, e.ms)); return e.ms }",
        )
        .await;
    let long = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.answer("outer", json!({ "ms": 1500 })).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let began = Instant::now();
    house.answer("outer", json!({ "ms": 1 })).await;
    assert!(began.elapsed() < Duration::from_secs(1));
    long.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_workers_and_queue_callers_are_told_to_come_back() {
    let house = Arc::new(House::with(|config| {
        config.max_workers_per_function = 1;
        config.queue_per_function = 2;
        config.queue_deadline = Duration::from_secs(10);
    }));
    house
        .deploy(
            "one",
            "exports.handler = async () => { await new Promise((r) => setTimeout(r, 300)); return 1 }",
        )
        .await;
    house.answer("one", json!({})).await;
    let calls: Vec<_> = (0..8)
        .map(|_| {
            let house = Arc::clone(&house);
            tokio::spawn(async move { house.invoke("one", json!({})).await })
        })
        .collect();
    let (mut answered, mut throttled) = (0, 0);
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => answered += 1,
            Err(InvokeError::Throttled) => throttled += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((answered, throttled), (3, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn reserved_concurrency_is_kept_to() {
    let house = Arc::new(House::open());
    house
        .deploy(
            "reserved",
            "exports.handler = async () => { await new Promise((r) => setTimeout(r, 400)); return 1 }",
        )
        .await;
    let reserve = |n: u32| json!({ "FunctionName": "reserved", "ReservedConcurrentExecutions": n });
    house.call("PutFunctionConcurrency", reserve(1)).await.unwrap();
    let first = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.answer("reserved", json!({})).await }
    });
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(matches!(house.invoke("reserved", json!({})).await, Err(InvokeError::Throttled)));
    first.await.unwrap();
    house.answer("reserved", json!({})).await;
    house.call("PutFunctionConcurrency", reserve(0)).await.unwrap();
    assert!(matches!(house.invoke("reserved", json!({})).await, Err(InvokeError::Throttled)));
    house.call("DeleteFunctionConcurrency", json!({ "FunctionName": "reserved" })).await.unwrap();
    house.answer("reserved", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redeploy_under_load_loses_no_invocation_and_never_goes_back() {
    let house = Arc::new(House::open());
    let source = |n: u32| {
        format!("exports.handler = async () => {{ await new Promise((r) => setTimeout(r, 10)); return {n} }}")
    };
    house.deploy("versioned", &source(0)).await;
    let going = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (house, going) = (Arc::clone(&house), Arc::clone(&going));
            tokio::spawn(async move {
                let (mut last, mut count) = (0, 0);
                while going.load(std::sync::atomic::Ordering::Relaxed) {
                    let answer = house.answer("versioned", json!({})).await.as_u64().unwrap();
                    assert!(answer >= last, "{answer} after {last}");
                    (last, count) = (answer, count + 1);
                }
                (last, count)
            })
        })
        .collect();
    for n in 1..=3 {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let update = json!({ "FunctionName": "versioned", "ZipFile": encoded(&[("index.js", &source(n))]) });
        house.call("UpdateFunctionCode", update).await.unwrap();
        // From the answer on, the new code is what runs.
        assert_eq!(house.answer("versioned", json!({})).await, n);
    }
    going.store(false, std::sync::atomic::Ordering::Relaxed);
    for caller in load {
        let (last, count) = caller.await.unwrap();
        assert!(count > 0);
        assert!(last >= 2, "{last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_code_again_keeps_its_workers() {
    let house = House::open();
    let files: &[(&str, &str)] = &[("index.js", "exports.handler = async () => process.pid")];
    house.deploy_with("same", files, json!({})).await;
    let before = house.answer("same", json!({})).await;
    house
        .call("UpdateFunctionCode", json!({ "FunctionName": "same", "ZipFile": encoded(files) }))
        .await
        .unwrap();
    house.call("UpdateFunctionConfiguration", json!({ "FunctionName": "same", "Timeout": 3 })).await.unwrap();
    assert_eq!(house.answer("same", json!({})).await, before);
    house.call("UpdateFunctionConfiguration", json!({ "FunctionName": "same", "Timeout": 4 })).await.unwrap();
    assert_ne!(house.answer("same", json!({})).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_leaves_does_not_cut_the_function_off() {
    let house = House::open();
    house
        .deploy("goes-on", "let done = 0; exports.handler = async (e) => { if (e.ask) return done; await new Promise((r) => setTimeout(r, 200)); done += 1; return done }")
        .await;
    house.answer("goes-on", json!({ "ask": true })).await;
    let asked = house.functions.invoke(invocation("goes-on", &json!({})));
    assert!(tokio::time::timeout(Duration::from_millis(50), asked).await.is_err());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(house.answer("goes-on", json!({ "ask": true })).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_workers_go_and_closing_ends_them_all() {
    let house = House::with(|config| config.idle = Duration::from_millis(200));
    house.deploy("idle", "exports.handler = async () => process.pid").await;
    let pid = house.answer("idle", json!({})).await.as_u64().unwrap();
    assert!(is_alive(pid));
    gone(pid).await;
    let pid = house.answer("idle", json!({})).await.as_u64().unwrap();
    house.functions.close().await;
    gone(pid).await;
    assert_eq!(house.functions.workers(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_room_ends_workers_and_what_they_started() {
    let house = House::open();
    house
        .deploy("starts", "const { spawn } = require('child_process'); exports.handler = async () => [process.pid, spawn('sleep', ['600'], { stdio: 'ignore' }).pid]")
        .await;
    let pids: Vec<u64> = serde_json::from_value(house.answer("starts", json!({})).await).unwrap();
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    drop(house);
    for pid in pids {
        gone(pid).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_with_old_keys_are_replaced() {
    let house = House::open();
    house.deploy("keys", "exports.handler = async () => process.env.AWS_ACCESS_KEY_ID").await;
    let first = house.answer("keys", json!({})).await;
    assert_eq!(house.answer("keys", json!({})).await, first);
    house.clock.jump(Duration::from_secs(3500));
    let second: Value = house.answer("keys", json!({})).await;
    assert_ne!(second, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_house_makes_room_for_another_function() {
    let house = House::with(|config| config.max_workers = 2);
    for name in ["a", "b", "c"] {
        house.deploy(name, "exports.handler = async () => 1").await;
    }
    for name in ["a", "b", "c", "a"] {
        assert_eq!(house.answer(name, json!({})).await, 1);
        assert!(house.functions.workers() <= 2);
    }
}

fn is_alive(pid: u64) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.contains(") Z ")
}

async fn gone(pid: u64) {
    for _ in 0..300 {
        if !is_alive(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {pid} is still there");
}

/// Run by the next test in a process of its own: opens a room, tells its worker's pids and waits to be killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of the next test"]
async fn a_server_that_waits_to_be_killed() {
    let Some(data) = house_of_the_victim() else { return };
    let house = House::with(|config| config.data_dir = data.into());
    house
        .deploy("starts", "const { spawn } = require('child_process'); exports.handler = async () => [process.pid, spawn('sleep', ['600'], { stdio: 'ignore', detached: true }).pid]")
        .await;
    let pids = house.answer("starts", json!({})).await;
    println!("\npids {pids}");
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[allow(clippy::disallowed_methods, reason = "how the next test tells this one where")]
fn house_of_the_victim() -> Option<String> {
    std::env::var("POOLHOUSE_TEST_VICTIM").ok()
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::disallowed_methods, reason = "a server of its own, to be killed")]
async fn a_killed_server_takes_its_workers_along_and_the_next_one_cleans_up() {
    use std::{io::BufRead, process::Command};
    let data = tempfile::tempdir().unwrap();
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "pool::a_server_that_waits_to_be_killed", "--ignored", "--nocapture"])
        .env("POOLHOUSE_TEST_VICTIM", data.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(server.stdout.take().unwrap()).lines();
    let pids =
        lines.map_while(Result::ok).find_map(|line| line.strip_prefix("pids ").map(str::to_owned)).unwrap();
    let pids: Vec<u64> = serde_json::from_str(&pids).unwrap();
    assert!(pids.iter().all(|pid| is_alive(*pid)));
    server.kill().unwrap();
    server.wait().unwrap();
    gone(pids[0]).await;
    // What the function had detached outlives even that, until the next server on this folder.
    assert!(is_alive(pids[1]));
    let _next = House::with(|config| config.data_dir = data.path().to_owned());
    gone(pids[1]).await;
}
