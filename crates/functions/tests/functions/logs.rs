//! CloudWatch Logs: what invocations leave behind, and reading it.

use std::time::Duration;

use base::Timestamp;
use ports::Clock;
use serde_json::{Value, json};

use crate::house::House;

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_leaves_lambdas_lines() {
    let house = House::open();
    house
        .deploy(
            "speaks",
            "console.log('loading');
             exports.handler = async () => {
               console.log('two\\nlines'); console.error('bad %s', 'thing'); console.warn('careful'); console.debug('detail');
               process.stdout.write('raw\\n'); process.stderr.write('err\\n');
             }",
        )
        .await;
    house.answer("speaks", json!({})).await;
    let messages = house.messages("speaks").await;
    let kinds = [
        "INIT_START Runtime Version: nodejs:",
        "\tundefined\tINFO\tloading\n",
        "START RequestId: ",
        "\tINFO\ttwo\nlines\n",
        "\tERROR\tbad thing\n",
        "\tWARN\tcareful\n",
        "\tDEBUG\tdetail\n",
        "raw\n",
        "err\n",
        "END RequestId: ",
        "REPORT RequestId: ",
    ];
    assert_eq!(messages.len(), kinds.len(), "{messages:#?}");
    for (message, kind) in messages.iter().zip(kinds) {
        assert!(message.contains(kind), "{message:?} is not {kind:?}");
    }
    let report = messages.last().unwrap();
    assert!(
        report.contains("\tMemory Size: 128 MB\tMax Memory Used: ") && report.contains("\tInit Duration: "),
        "{report}"
    );
    house.answer("speaks", json!({})).await;
    let messages = house.messages("speaks").await;
    assert!(!messages.last().unwrap().contains("Init Duration"), "{messages:?}");

    let groups =
        house.logs("DescribeLogGroups", json!({ "logGroupNamePrefix": "/aws/lambda/sp" })).await.unwrap();
    assert_eq!(groups["logGroups"][0]["logGroupName"], "/aws/lambda/speaks");
    assert_eq!(
        groups["logGroups"][0]["arn"],
        "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/speaks:*"
    );
    let asked =
        json!({ "logGroupName": "/aws/lambda/speaks", "orderBy": "LastEventTime", "descending": true });
    let streams = house.logs("DescribeLogStreams", asked).await.unwrap();
    let stream = streams["logStreams"][0]["logStreamName"].as_str().unwrap();
    assert!(
        stream.starts_with("2025/11/24/[$LATEST]") && stream.len() == "2025/11/24/[$LATEST]".len() + 32,
        "{stream}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn json_logs_are_json_to_the_last_line() {
    let house = House::open();
    house
        .deploy_with(
            "structured",
            &[("index.js", "exports.handler = async () => { console.log({ a: 1 }); console.debug('quiet'); console.error(new Error('bad')) }")],
            json!({ "LoggingConfig": { "LogFormat": "JSON", "LogGroup": "mine" } }),
        )
        .await;
    house.answer("structured", json!({})).await;
    house.functions.flush_logs().await;
    let found = house.logs("FilterLogEvents", json!({ "logGroupName": "mine" })).await.unwrap();
    let lines: Vec<Value> = found["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| serde_json::from_str(event["message"].as_str().unwrap()).unwrap())
        .collect();
    let kinds: Vec<_> =
        lines.iter().map(|line| line.get("type").or(line.get("level")).unwrap().as_str().unwrap()).collect();
    assert_eq!(kinds, ["platform.initStart", "platform.start", "INFO", "ERROR", "platform.report"]);
    assert_eq!(lines[2]["message"], json!({ "a": 1 }));
    assert_eq!(
        lines[3]["errorMessage"].as_str().or(lines[3]["message"]["errorMessage"].as_str()),
        Some("bad")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_followed_as_they_happen() {
    let house = House::open();
    house.deploy("live", "exports.handler = async () => { console.log('now'); await new Promise((r) => setTimeout(r, 400)) }").await;
    let mut followed = house.functions.follow_logs();
    let invoked = house.answer("live", json!({}));
    let seen = async {
        loop {
            let event = followed.recv().await.unwrap();
            if event.message.contains("\tINFO\tnow") {
                return (event.group.to_string(), tokio::time::Instant::now());
            }
        }
    };
    let ((group, at), _) = tokio::join!(seen, invoked);
    assert_eq!(group, "/aws/lambda/live");
    assert!(at.elapsed() >= Duration::from_millis(300), "told only at the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_put_from_outside_are_read_back_in_pages_both_ways() {
    let house = House::open();
    house.logs("CreateLogGroup", json!({ "logGroupName": "g" })).await.unwrap();
    house.logs("CreateLogStream", json!({ "logGroupName": "g", "logStreamName": "s" })).await.unwrap();
    let now = house.clock.now().millis();
    let events: Vec<Value> = (0..25)
        .map(|n| json!({ "timestamp": now - 25_000 + n * 1000, "message": format!("event {n}") }))
        .collect();
    for some in events.chunks(7) {
        house
            .logs("PutLogEvents", json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": some }))
            .await
            .unwrap();
    }
    let read = |token: Option<Value>, head: bool| {
        let mut asked =
            json!({ "logGroupName": "g", "logStreamName": "s", "limit": 10, "startFromHead": head });
        if let Some(token) = token {
            asked["nextToken"] = token;
        }
        asked
    };
    let texts = |page: &Value| -> Vec<String> {
        page["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["message"].as_str().unwrap().to_owned())
            .collect()
    };
    let expected = |range: std::ops::Range<i32>| range.map(|n| format!("event {n}")).collect::<Vec<_>>();
    let first = house.logs("GetLogEvents", read(None, true)).await.unwrap();
    assert_eq!(texts(&first), expected(0..10));
    let second =
        house.logs("GetLogEvents", read(Some(first["nextForwardToken"].clone()), true)).await.unwrap();
    assert_eq!(texts(&second), expected(10..20));
    let third =
        house.logs("GetLogEvents", read(Some(second["nextForwardToken"].clone()), true)).await.unwrap();
    assert_eq!(texts(&third), expected(20..25));
    let end = house.logs("GetLogEvents", read(Some(third["nextForwardToken"].clone()), true)).await.unwrap();
    assert_eq!(texts(&end), expected(0..0));
    assert_eq!(end["nextForwardToken"], third["nextForwardToken"]);
    let last = house.logs("GetLogEvents", read(None, false)).await.unwrap();
    assert_eq!(texts(&last), expected(15..25));
    let before =
        house.logs("GetLogEvents", read(Some(last["nextBackwardToken"].clone()), false)).await.unwrap();
    assert_eq!(texts(&before), expected(5..15));

    let filter = |more: Value| {
        let mut asked = json!({ "logGroupName": "g" });
        for (member, value) in more.as_object().unwrap() {
            asked[member] = value.clone();
        }
        asked
    };
    let found =
        house.logs("FilterLogEvents", filter(json!({ "filterPattern": "\"event 2\"" }))).await.unwrap();
    assert_eq!(texts(&found), ["event 2", "event 20", "event 21", "event 22", "event 23", "event 24"]);
    let between = json!({ "startTime": now - 20_000, "endTime": now - 17_000 });
    assert_eq!(texts(&house.logs("FilterLogEvents", filter(between)).await.unwrap()), expected(5..8));
    let mut all = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut asked = filter(json!({ "limit": 4 }));
        if !token.is_null() {
            asked["nextToken"] = token;
        }
        let page = house.logs("FilterLogEvents", asked).await.unwrap();
        all.extend(texts(&page));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(all, expected(0..25));
    let odd =
        house.logs("FilterLogEvents", filter(json!({ "filterPattern": "{ $.a = " }))).await.unwrap_err();
    assert_eq!(odd.code, "InvalidParameterException");
    let old = json!({ "logGroupName": "g", "logStreamName": "s", "logEvents": [{ "timestamp": now - 15 * 86_400_000, "message": "old" }] });
    let put = house.logs("PutLogEvents", old).await.unwrap();
    assert_eq!(put["rejectedLogEventsInfo"], json!({ "tooOldLogEventEndIndex": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_keep_events_for_their_retention_and_go_with_everything() {
    let house = House::open();
    house.deploy("kept", "exports.handler = async () => console.log('x')").await;
    house.answer("kept", json!({})).await;
    assert!(!house.messages("kept").await.is_empty());
    let group = json!({ "logGroupName": "/aws/lambda/kept" });
    let mut retention = group.clone();
    retention["retentionInDays"] = json!(2);
    assert_eq!(
        house.logs("PutRetentionPolicy", retention.clone()).await.unwrap_err().code,
        "InvalidParameterException"
    );
    retention["retentionInDays"] = json!(3);
    house.logs("PutRetentionPolicy", retention).await.unwrap();
    assert!(!house.messages("kept").await.is_empty());
    house.clock.jump(Duration::from_secs(4 * 86_400));
    assert!(house.messages("kept").await.is_empty());

    house.answer("kept", json!({})).await;
    assert!(!house.messages("kept").await.is_empty());
    house.logs("DeleteLogGroup", group.clone()).await.unwrap();
    let gone = house.logs("FilterLogEvents", group.clone()).await.unwrap_err();
    assert_eq!(
        (gone.code.as_str(), gone.message.as_str()),
        ("ResourceNotFoundException", "The specified log group does not exist.")
    );
    for collection in ["log_chunk", "log_stream"] {
        assert!(house.store.engine().partitions(collection, None, 10).await.unwrap().is_empty());
    }
    // The next invocation makes it again, as Lambda does.
    house.answer("kept", json!({})).await;
    assert!(!house.messages("kept").await.is_empty());
    let twice = house.logs("CreateLogGroup", group).await.unwrap_err();
    assert_eq!(twice.code, "ResourceAlreadyExistsException");
    assert!(house.clock.now() > Timestamp::from_millis(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_is_bounded_and_does_not_slow_the_function() {
    let house = House::with(|config| config.log_bytes_per_group = 4 * 1024 * 1024);
    house
        .deploy_with(
            "floods",
            &[("index.js", "exports.handler = async () => { for (let n = 0; n < 20000; n++) console.log('x'.repeat(1000), n) }")],
            json!({ "Timeout": 30, "MemorySize": 512 }),
        )
        .await;
    house.answer("floods", json!({})).await;
    house.functions.flush_logs().await;
    let mut stored = 0;
    let mut kept = 0;
    for _ in 0..100 {
        let groups = house.logs("DescribeLogGroups", json!({})).await.unwrap();
        stored = groups["logGroups"][0]["storedBytes"].as_u64().unwrap();
        kept = house.messages("floods").await.len();
        if stored > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(stored <= 4 * 1024 * 1024 && kept > 0, "{stored} bytes, {kept} events");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_wrote_last_does_not_bring_its_group_back() {
    let house = House::open();
    house.deploy("gone", "exports.handler = async () => console.log('last words')").await;
    let group = json!({ "logGroupName": "/aws/lambda/gone" });
    house.logs("CreateLogGroup", group.clone()).await.unwrap();
    house.answer("gone", json!({})).await;
    // As a stack goes: the function first, then its log group, both before the lines of the last invocation are written.
    house.call("DeleteFunction", json!({ "FunctionName": "gone" })).await.unwrap();
    house.logs("DeleteLogGroup", group).await.unwrap();
    house.functions.flush_logs().await;
    let groups = house.logs("DescribeLogGroups", json!({})).await.unwrap();
    assert_eq!(groups["logGroups"], json!([]));
}
