//! Runtimes other than Node: Python, and programs that bring their own client of the Runtime API.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::{Value, json};

use crate::house::House;

async fn python(house: &House, name: &str, source: &str) {
    let more = json!({ "Runtime": "python3.12", "Handler": "app/main.handler", "Timeout": 5 });
    house.deploy_with(name, &[("app/main.py", source), ("app/__init__.py", "")], more).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn python_functions_answer_fail_and_log() {
    let house = House::open();
    python(
        &house,
        "py",
        "import logging\n\
         logging.getLogger().setLevel(logging.INFO)\n\
         def handler(event, context):\n\
         \x20   print('printed', event.get('n'))\n\
         \x20   logging.info('logged\\ntwice')\n\
         \x20   if event.get('fail'):\n\
         \x20       raise ValueError('no')\n\
         \x20   return {'n': event['n'], 'id': context.aws_request_id, 'name': context.function_name,\n\
         \x20           'left': context.get_remaining_time_in_millis(), 'arn': context.invoked_function_arn}\n",
    )
    .await;
    let answer = house.answer("py", json!({ "n": "ü" })).await;
    assert_eq!((&answer["n"], &answer["name"]), (&json!("ü"), &json!("py")));
    assert_eq!(answer["id"].as_str().unwrap().len(), 36);
    assert!((3000..=5000).contains(&answer["left"].as_i64().unwrap()), "{answer}");
    let failure = house.failure("py", json!({ "fail": true })).await;
    assert_eq!((&failure["errorType"], &failure["errorMessage"]), (&json!("ValueError"), &json!("no")));
    assert!(failure["stackTrace"][0].as_str().unwrap().contains("in handler"), "{failure}");
    assert_eq!(house.answer("py", json!({ "n": 2 })).await["n"], 2);
    let log = house.messages("py").await.concat();
    assert!(log.contains("printed ü\n"), "{log}");
    assert!(log.contains("[INFO]\t") && log.contains("\tlogged\ntwice\n"), "{log}");
    assert!(log.contains("[ERROR] ValueError: no\nTraceback (most recent call last):\n"), "{log}");
    assert_eq!(log.matches("INIT_START Runtime Version: python:3.").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn python_that_cannot_be_loaded_says_why() {
    let house = House::open();
    for (name, source, kind, message) in [
        (
            "imports",
            "import not_there",
            "Runtime.ImportModuleError",
            "Unable to import module 'app/main': No module named 'not_there'",
        ),
        ("empty", "", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app/main'"),
        ("syntax", "def handler(", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app/main'"),
        ("exits", "import sys\nsys.exit(3)", "Runtime.ExitError", ""),
        (
            "odd",
            "def handler(event, context):\n    return {1, 2}",
            "Runtime.MarshalError",
            "Unable to marshal response: ",
        ),
        ("ends", "import os\ndef handler(event, context):\n    os._exit(4)", "Runtime.ExitError", ""),
    ] {
        python(&house, name, source).await;
        let failure = house.failure(name, json!({})).await;
        assert_eq!(failure["errorType"], kind, "{failure}");
        assert!(failure["errorMessage"].as_str().unwrap().starts_with(message), "{failure}");
    }
}

/// A runtime of its own, as someone would ship in a package: plain HTTP to the address it is told.
const BOOTSTRAP: &str = "#!/usr/bin/env node
const http = require('http'), agent = new http.Agent({ keepAlive: true });
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const ask = (method, path, body) => new Promise((resolve, reject) => {
  const request = http.request({ host, port, method, agent, path: '/2018-06-01/runtime/' + path }, (answer) => {
    const parts = [];
    answer.on('data', (part) => parts.push(part)).on('end', () => resolve([answer, Buffer.concat(parts).toString()]));
  }).on('error', reject);
  request.end(body);
});
(async () => {
  for (;;) {
    const [answer, body] = await ask('GET', 'invocation/next');
    const id = answer.headers['lambda-runtime-aws-request-id'], event = JSON.parse(body);
    console.log('got', event.n);
    if (event.exit) process.exit(event.exit);
    if (event.fail) await ask('POST', `invocation/${id}/error`, JSON.stringify({ errorType: 'Mine', errorMessage: 'own' }));
    else await ask('POST', `invocation/${id}/response`, JSON.stringify({ n: event.n, api: process.env.AWS_LAMBDA_RUNTIME_API }));
  }
})();
";

#[tokio::test(flavor = "multi_thread")]
async fn a_package_may_bring_its_own_runtime() {
    let house = House::open();
    let more = json!({ "Runtime": "provided.al2023", "Handler": "whatever", "Timeout": 5 });
    house.deploy_with("own", &[("bootstrap", BOOTSTRAP)], more.clone()).await;
    for n in 0..20 {
        assert_eq!(house.answer("own", json!({ "n": n })).await["n"], n);
    }
    assert_eq!(
        house.failure("own", json!({ "fail": true })).await,
        json!({ "errorType": "Mine", "errorMessage": "own" })
    );
    let failure = house.failure("own", json!({ "exit": 7 })).await;
    assert!(failure["errorMessage"].as_str().unwrap().ends_with("exit status 7"), "{failure}");
    let api = house.answer("own", json!({ "n": 1 })).await["api"].as_str().unwrap().to_owned();

    // Anyone else on this machine who finds the address is not listened to.
    let mut stranger = TcpStream::connect(&api).unwrap();
    stranger.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let _ = stranger.write_all(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut said = Vec::new();
    let _ = stranger.read_to_end(&mut said);
    assert!(said.is_empty());
    assert_eq!(house.answer("own", json!({ "n": 2 })).await["n"], 2);
    let log = house.messages("own").await.concat();
    assert!(log.contains("got 19\n"), "{log}");

    house.deploy_with("none", &[("other", "")], more).await;
    let failure = house.failure("none", json!({})).await;
    assert_eq!(failure["errorType"], "Runtime.InvalidEntrypoint");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_mounts_are_allowed_a_function_has_a_tmp_of_its_own() {
    let data = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let house = House::with(|config| config.data_dir = data.path().to_owned());
    let source = "const fs = require('fs');
        exports.handler = async (e) => { fs.writeFileSync('/tmp/' + e.name, 'x'); return [process.env.TMPDIR, fs.readdirSync('/tmp')] }";
    house.deploy("one", source).await;
    house.deploy("two", source).await;
    let answer: Value = house.answer("one", json!({ "name": "a" })).await;
    if answer[0] != "/tmp" {
        return; // no mount namespaces on this machine
    }
    assert_eq!(answer[1], json!(["a"]));
    assert_eq!(house.answer("two", json!({ "name": "b" })).await[1], json!(["b"]));
    assert_eq!(house.answer("one", json!({ "name": "c" })).await[1], json!(["a", "c"]));
    assert!(!std::path::Path::new("/tmp/a").exists());
    house.functions.close().await;
}
