//! Time, memory and size: what a function may use up.

use std::time::{Duration, Instant};

use bytes::Bytes;
use ports::{Invoke, invoke::InvokeError};
use serde_json::json;

use crate::house::{House, invocation};

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_too_long_is_ended() {
    let house = House::open();
    house
        .deploy_with(
            "slow",
            &[("index.js", "exports.handler = async (e) => { console.log('began'); if (e.spin) for (;;); await new Promise((r) => setTimeout(r, 60000)) }")],
            json!({ "Timeout": 1 }),
        )
        .await;
    for event in [json!({}), json!({ "spin": true })] {
        let began = Instant::now();
        let failure = house.failure("slow", event).await;
        assert!(began.elapsed() < Duration::from_secs(3));
        assert_eq!(failure["errorType"], "Sandbox.Timedout");
        let message = failure["errorMessage"].as_str().unwrap();
        assert!(message.ends_with(" Error: Task timed out after 1.00 seconds"), "{message}");
    }
    let log = house.messages("slow").await.concat();
    assert!(log.contains("\tINFO\tbegan"), "{log}");
    assert!(log.contains(" Task timed out after 1.00 seconds\n"), "{log}");
    assert!(log.contains("Status: timeout"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_holds_too_much_is_killed() {
    let house = House::open();
    house
        .deploy_with(
            "greedy",
            &[("index.js", "const all = [];
                exports.handler = async () => {
                  for (;;) { all.push(Buffer.alloc(8 * 1024 * 1024, 1)); await new Promise((r) => setTimeout(r, 5)) }
                }")],
            json!({ "Timeout": 30, "MemorySize": 256 }),
        )
        .await;
    let failure = house.failure("greedy", json!({})).await;
    assert_eq!(failure["errorType"], "Runtime.ExitError");
    let message = failure["errorMessage"].as_str().unwrap();
    assert!(message.ends_with("Error: Runtime exited with error: signal: killed"), "{message}");
    let log = house.messages("greedy").await.concat();
    assert!(log.contains("Memory Size: 256 MB\tMax Memory Used: 256 MB"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_child_process_holds_counts_too() {
    let house = House::open();
    house
        .deploy_with(
            "parent",
            &[("index.js", "const { spawn } = require('child_process');
                exports.handler = () => new Promise((resolve) => {
                  spawn(process.execPath, ['-e', 'const a=[]; setInterval(() => a.push(Buffer.alloc(16777216, 1)), 5)'], { stdio: 'inherit' })
                    .on('exit', () => resolve('the child ended first'));
                })")],
            json!({ "Timeout": 30, "MemorySize": 256 }),
        )
        .await;
    assert_eq!(house.failure("parent", json!({})).await["errorType"], "Runtime.ExitError");
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_have_limits_both_ways() {
    let house = House::open();
    house
        .deploy_with(
            "large",
            &[("index.js", "exports.handler = async (event) => 'x'.repeat(event.length)")],
            json!({ "MemorySize": 512, "Timeout": 20 }),
        )
        .await;
    let failure = house.failure("large", json!({ "length": 6_291_556 })).await;
    assert_eq!(
        failure,
        json!({
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        })
    );
    // The worker is still good, and what fits comes whole.
    assert_eq!(
        house.answer("large", json!({ "length": 6_000_000 })).await.as_str().unwrap().len(),
        6_000_000
    );
    assert_eq!(house.functions.workers(), 1);

    let mut asked = invocation("large", &json!({}));
    asked.payload = Bytes::from(format!("\"{}\"", "x".repeat(6_291_455)));
    assert!(matches!(house.functions.invoke(asked.clone()).await, Err(InvokeError::TooLarge(6_291_456))));
    asked.payload = Bytes::from_static(b"{not json");
    assert!(matches!(house.functions.invoke(asked).await, Err(InvokeError::NotJson(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_initialisation_counts_against_the_timeout_only_after_its_own_time() {
    let house = House::with(|config| config.init_deadline = Duration::from_millis(300));
    let slow =
        "const until = Date.now() + 900; while (Date.now() < until); exports.handler = async () => 'ready'";
    house.deploy_with("sluggish", &[("index.js", slow)], json!({ "Timeout": 5 })).await;
    assert_eq!(house.answer("sluggish", json!({})).await, "ready");
    let forever = "for (;;); exports.handler = async () => 1";
    house.deploy_with("never", &[("index.js", forever)], json!({ "Timeout": 1 })).await;
    assert_eq!(house.failure("never", json!({})).await["errorType"], "Sandbox.Timedout");
}
