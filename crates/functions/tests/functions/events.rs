//! Asynchronous invocations.

use std::time::Duration;

use ports::Invoke;
use serde_json::{Value, json};

use crate::house::{House, invocation};

async fn attempts(house: &House, function: &str, expected: usize) -> Vec<String> {
    for _ in 0..200 {
        let found = house.functions.clone();
        found.flush_logs().await;
        let input = json!({ "logGroupName": format!("/aws/lambda/{function}") });
        if let Ok(answer) = house.logs("FilterLogEvents", input).await {
            let starts: Vec<String> = answer["events"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|event| {
                    event["message"].as_str().unwrap().strip_prefix("START RequestId: ").map(str::to_owned)
                })
                .collect();
            if starts.len() >= expected {
                return starts;
            }
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{function} was not tried {expected} times: {:#?}", house.messages(function).await);
}

async fn send(house: &House, function: &str, payload: Value) {
    let mut asked = invocation(function, &payload);
    asked.wait = false;
    house.functions.invoke(asked).await.unwrap();
}

async fn queue_is_empty(house: &House) {
    for _ in 0..200 {
        let left = house.store.engine().partitions("lambda_queued_event", None, 10).await.unwrap();
        if left.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("events are left in the queue");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_event_is_tried_three_times_under_one_id() {
    let house = House::open();
    house.deploy("fails", "exports.handler = async () => { throw new Error('no') }").await;
    send(&house, "fails", json!({})).await;
    let starts = attempts(&house, "fails", 3).await;
    queue_is_empty(&house).await;
    assert_eq!(attempts(&house, "fails", 3).await.len(), 3);
    assert!(starts.iter().all(|start| start == &starts[0]), "{starts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_succeeds_is_done_with() {
    let house = House::open();
    house.deploy("fine", "exports.handler = async () => 1").await;
    send(&house, "fine", json!({})).await;
    attempts(&house, "fine", 1).await;
    queue_is_empty(&house).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(attempts(&house, "fine", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_may_ask_for_fewer_retries() {
    let house = House::open();
    house.deploy("once", "exports.handler = async () => { throw new Error('no') }").await;
    let config = json!({ "FunctionName": "once", "MaximumRetryAttempts": 0 });
    house.call("PutFunctionEventInvokeConfig", config).await.unwrap();
    send(&house, "once", json!({})).await;
    attempts(&house, "once", 1).await;
    queue_is_empty(&house).await;
    assert_eq!(attempts(&house, "once", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_event_outlives_the_server() {
    let house = House::with(|config| config.retry_delays = [Duration::from_secs(600); 2]);
    house
        .deploy(
            "later",
            "exports.handler = async (event) => { console.log('ran', event.n); throw new Error('again') }",
        )
        .await;
    send(&house, "later", json!({ "n": 41 })).await;
    attempts(&house, "later", 1).await;
    let House { functions, store, clock, data } = house;
    drop(functions);
    drop(data);
    // Its heart has not beaten for a while when the next one starts.
    clock.jump(Duration::from_secs(60));
    let next = House::on(store, clock, |_| {});
    attempts(&next, "later", 3).await;
    queue_is_empty(&next).await;
    assert!(next.messages("later").await.concat().contains("ran 41"));
}
