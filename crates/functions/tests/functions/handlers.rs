//! What a Node handler may look like, what it is given, and how it may fail.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ports::Invoke;
use serde_json::{Value, json};

use crate::house::{House, invocation};

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_handler_answers() {
    let house = House::open();
    let forms: &[(&str, &str, &str, &str)] = &[
        ("promise", "index.js", "exports.handler = async (event) => ({ got: event.n })", "index.handler"),
        (
            "then",
            "index.js",
            "exports.handler = (event) => Promise.resolve({ got: event.n })",
            "index.handler",
        ),
        (
            "callback",
            "index.js",
            "exports.handler = (event, context, done) => done(null, { got: event.n })",
            "index.handler",
        ),
        (
            "later",
            "index.js",
            "exports.handler = (event, context, done) => { setTimeout(() => done(null, { got: event.n }), 5) }",
            "index.handler",
        ),
        (
            "succeed",
            "index.js",
            "exports.handler = (event, context) => context.succeed({ got: event.n })",
            "index.handler",
        ),
        (
            "done",
            "index.js",
            "exports.handler = (event, context) => context.done(null, { got: event.n })",
            "index.handler",
        ),
        ("esm", "index.mjs", "export const handler = async (event) => ({ got: event.n })", "index.handler"),
        ("cjs", "index.cjs", "exports.handler = async (event) => ({ got: event.n })", "index.handler"),
        (
            "nested",
            "src/api/users.js",
            "exports.v1 = { get: async (event) => ({ got: event.n }) }",
            "src/api/users.v1.get",
        ),
    ];
    for (name, file, source, handler) in forms {
        house.deploy_with(name, &[(file, source)], json!({ "Handler": handler })).await;
        assert_eq!(house.answer(name, json!({ "n": 7 })).await, json!({ "got": 7 }), "{name}");
        assert_eq!(house.answer(name, json!({ "n": 8 })).await, json!({ "got": 8 }), "{name}, warm");
    }
    house
        .deploy_with(
            "typed",
            &[
                ("package.json", r#"{"type":"module"}"#),
                ("index.js", "import { double } from './lib.js'; export const handler = async (event) => double(event.n)"),
                ("lib.js", "export const double = (n) => n * 2"),
            ],
            json!({}),
        )
        .await;
    assert_eq!(house.answer("typed", json!({ "n": 4 })).await, json!(8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_waits_for_the_event_loop_unless_told_not_to() {
    let house = House::open();
    house
        .deploy(
            "waits",
            "let late = 0;
             exports.handler = (event, context, done) => {
               if (event.now) context.callbackWaitsForEmptyEventLoop = false;
               setTimeout(() => { late += 1 }, 300);
               const began = Date.now();
               done(null, { late });
             }",
        )
        .await;
    let began = std::time::Instant::now();
    assert_eq!(house.answer("waits", json!({})).await, json!({ "late": 0 }));
    assert!(began.elapsed().as_millis() >= 300);
    let began = std::time::Instant::now();
    assert_eq!(house.answer("waits", json!({ "now": true })).await, json!({ "late": 1 }));
    assert!(began.elapsed().as_millis() < 250, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_never_answers_ends_when_nothing_is_left_to_wait_for() {
    let house = House::open();
    house.deploy("silent", "exports.handler = (event, context, done) => {}").await;
    assert_eq!(house.answer("silent", json!({})).await, Value::Null);
    house.deploy("stuck", "exports.handler = async () => { await new Promise(() => {}) }").await;
    assert_eq!(house.failure("stuck", json!({})).await["errorType"], "Runtime.NodeJsExit");
    assert_eq!(house.failure("stuck", json!({})).await["errorType"], "Runtime.NodeJsExit");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_tell_type_message_and_trace() {
    let house = House::open();
    let failing: &[(&str, &str, &str, &str)] = &[
        ("throws", "exports.handler = () => { throw new TypeError('bad') }", "TypeError", "bad"),
        ("rejects", "exports.handler = async () => { throw new RangeError('far') }", "RangeError", "far"),
        ("calls", "exports.handler = (e, c, done) => done(new Error('no'))", "Error", "no"),
        ("text", "exports.handler = (e, c, done) => done('plain')", "string", "plain"),
        ("fails", "exports.handler = (e, c) => c.fail(new Error('failed'))", "Error", "failed"),
        (
            "cyclic",
            "exports.handler = async () => { const a = {}; a.a = a; return a }",
            "Error",
            "Unable to stringify response body",
        ),
    ];
    for (name, source, kind, message) in failing {
        house.deploy(name, source).await;
        let failure = house.failure(name, json!({})).await;
        assert_eq!(
            (failure["errorType"].as_str(), failure["errorMessage"].as_str()),
            (Some(*kind), Some(*message))
        );
        assert!(failure["trace"].is_array(), "{failure}");
        // The worker lives on.
        house.failure(name, json!({})).await;
    }
    let log = house.messages("throws").await.concat();
    assert!(
        log.contains(
            "\tERROR\tInvoke Error \t{\"errorType\":\"TypeError\",\"errorMessage\":\"bad\",\"stack\":["
        ),
        "{log}"
    );
    assert_eq!(log.matches("INIT_START").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_cannot_be_loaded_says_why_as_lambda_does() {
    let house = House::open();
    let broken: &[(&str, &[(&str, &str)], &str, &str, &str)] = &[
        (
            "missing",
            &[("other.js", "")],
            "index.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'index'",
        ),
        (
            "requires",
            &[("index.js", "require('not-there')")],
            "index.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module 'not-there'",
        ),
        (
            "unexported",
            &[("index.js", "exports.other = 1")],
            "index.handler",
            "Runtime.HandlerNotFound",
            "index.handler is undefined or not exported",
        ),
        (
            "number",
            &[("index.js", "exports.handler = 1")],
            "index.handler",
            "Runtime.HandlerNotFound",
            "index.handler is not a function",
        ),
        (
            "syntax",
            &[("index.js", "exports.handler = (")],
            "index.handler",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected end of input",
        ),
        (
            "dots",
            &[("index.js", "")],
            "../index.handler",
            "Runtime.MalformedHandlerName",
            "'../index.handler' is not a valid handler name. Use absolute paths when specifying root directories in handler names.",
        ),
        ("bare", &[("index.js", "")], "index", "Runtime.MalformedHandlerName", "Bad handler"),
        ("top", &[("index.js", "throw new Error('at load')")], "index.handler", "Error", "at load"),
    ];
    for (name, files, handler, kind, message) in broken {
        house.deploy_with(name, files, json!({ "Handler": handler })).await;
        let failure = house.failure(name, json!({})).await;
        assert_eq!(failure["errorType"], *kind, "{failure}");
        assert!(failure["errorMessage"].as_str().unwrap().starts_with(message), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crashes_are_told_and_do_not_stop_the_next_invocation() {
    let house = House::open();
    house
        .deploy(
            "crashes",
            "exports.handler = (event, context, done) => {
               if (event.how === 'exit') process.exit(event.code);
               if (event.how === 'kill') process.kill(process.pid, 'SIGKILL');
               if (event.how === 'later') setTimeout(() => { throw new Error('out of reach') }, 5);
               if (event.how === 'reject') Promise.reject(new Error('nobody cares'));
               if (!event.how) done(null, 'fine');
             }",
        )
        .await;
    let exit = |failure: &Value| {
        failure["errorMessage"].as_str().unwrap().split_once(" Error: ").unwrap().1.to_owned()
    };
    let failure = house.failure("crashes", json!({ "how": "exit", "code": 0 })).await;
    assert_eq!(failure["errorType"], "Runtime.ExitError");
    assert_eq!(exit(&failure), "Runtime exited without providing a reason");
    let failure = house.failure("crashes", json!({ "how": "exit", "code": 3 })).await;
    assert_eq!(exit(&failure), "Runtime exited with error: exit status 3");
    let failure = house.failure("crashes", json!({ "how": "kill" })).await;
    assert_eq!(exit(&failure), "Runtime exited with error: signal: killed");
    let failure = house.failure("crashes", json!({ "how": "later" })).await;
    assert_eq!(failure["errorMessage"], "out of reach");
    let failure = house.failure("crashes", json!({ "how": "reject" })).await;
    assert_eq!(failure["errorType"], "Runtime.UnhandledPromiseRejection");
    assert_eq!(failure["errorMessage"], "Error: nobody cares");
    assert_eq!(house.answer("crashes", json!({})).await, "fine");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_context_is_complete() {
    let house = House::open();
    house
        .deploy_with(
            "context",
            &[("index.js", "exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() })")],
            json!({ "Timeout": 9, "MemorySize": 256 }),
        )
        .await;
    let mut asked = invocation("context", &json!({}));
    asked.client_context = Some(STANDARD.encode(r#"{"custom":{"a":"b"}}"#));
    let invoked = house.functions.invoke(asked).await.unwrap();
    assert_eq!(invoked.executed_version, "$LATEST");
    let context: Value = serde_json::from_slice(&invoked.payload).unwrap();
    assert_eq!(context["functionName"], "context");
    assert_eq!(context["functionVersion"], "$LATEST");
    assert_eq!(context["memoryLimitInMB"], "256");
    assert_eq!(context["logGroupName"], "/aws/lambda/context");
    assert!(context["logStreamName"].as_str().unwrap().starts_with("2025/11/24/[$LATEST]"), "{context}");
    assert_eq!(context["invokedFunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:context");
    assert_eq!(context["clientContext"], json!({ "custom": { "a": "b" } }));
    assert_eq!(context["callbackWaitsForEmptyEventLoop"], true);
    assert_eq!(context["awsRequestId"].as_str().unwrap().len(), 36);
    let left = context["left"].as_i64().unwrap();
    assert!((8000..=9000).contains(&left), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_streaming_handler_is_answered_as_a_whole() {
    let house = House::open();
    house
        .deploy(
            "streams",
            "exports.handler = awslambda.streamifyResponse(async (event, stream) => {
               stream.write('{\"a\":'); stream.write('1}'); stream.end(); })",
        )
        .await;
    assert_eq!(house.answer("streams", json!({})).await, json!({ "a": 1 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn text_of_every_kind_comes_through() {
    let house = House::open();
    house.deploy("echo", "exports.handler = async (event) => event").await;
    for text in ["", "ünïcode ✓ 😀", "a\u{0}b\r\n\r\nc", &"long ".repeat(100_000)] {
        assert_eq!(house.answer("echo", json!({ "text": text })).await, json!({ "text": text }));
    }
    // After a large event, small ones still do.
    assert_eq!(house.answer("echo", json!(1)).await, json!(1));
}
