//! The command line against a server of its own: what it does, what it says, and how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test starts processes, and fails by panicking"
)]

mod support;

use support::{HANDLER, SERVICE, Setting, get, mode};

#[test]
fn wrong_words_end_with_2_and_touch_nothing() {
    let setting = Setting::new();
    for words in [
        &["deploy", "--nope"][..],
        &["nope"],
        &["deploy", "--param", "x"],
        &["serve", "--listen", "nowhere"],
        &["serve", "--account", "12"],
        &["serve", "--database-url", "postgres://x/y"],
        &["serve", "--config", "none.toml"],
        &["serve", "--master-key-file", "none"],
        &["deploy", "nofolder"],
        &["invoke", "-f", "nope"],
        &["print", "--path", "nope"],
        &["logs", "-f", "hello", "--startTime", "soon"],
    ] {
        let (status, _, stderr) = setting.run(words);
        assert_eq!(status, 2, "{words:?}: {stderr}");
        assert!(!stderr.is_empty(), "{words:?}");
    }
    let (status, stdout, _) = setting.run(&["deploy", "nofolder", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(status, 2);
    assert!(told["error"]["problems"][0]["message"].as_str().unwrap().contains("no serverless.yml"));
}

#[test]
fn without_a_server_or_keys_it_says_so() {
    let setting = Setting::new();
    let (status, _, stderr) = setting.run(&["info"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("no keys to sign with"), "{stderr}");
    std::fs::create_dir(setting.path(".poolhouse")).unwrap();
    setting.write(".poolhouse/credentials", "[default]\naws_access_key_id = A\naws_secret_access_key = s\n");
    let (status, _, stderr) = setting.run(&["info"]);
    assert_eq!(status, 1);
    assert!(stderr.contains("nothing answers at http://127.0.0.1:9"), "{stderr}");
    assert!(stderr.contains("poolhouse serve"), "{stderr}");
}

#[test]
fn packages_are_the_same_each_time_and_need_no_server() {
    let setting = Setting::new();
    let told = setting.json(&["package", "--json"]);
    assert_eq!(told["files"].as_array().unwrap().len(), 4);
    let first = std::fs::read(setting.path(".serverless/trial.zip")).unwrap();
    setting.json(&["package", "--json", "--package", "elsewhere"]);
    assert_eq!(std::fs::read(setting.path("elsewhere/trial.zip")).unwrap(), first);
    let printed = setting.json(&["print", "--json", "--path", "functions.hello"]);
    assert_eq!(printed["handler"], "handler.hello");
}

#[test]
fn a_service_lives_from_deploy_to_remove() {
    let mut setting = Setting::new();
    let server = setting.serve();
    assert_eq!(mode(&setting.path(".poolhouse/credentials")), 0o600);
    assert_eq!(mode(&setting.path(".poolhouse/master.key")), 0o600);

    let deployed = setting.json(&["deploy", "--stage", "beta", "--json"]);
    assert_eq!((&deployed["stage"], &deployed["changed"]), (&"beta".into(), &true.into()));
    let url = deployed["endpoints"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(get(&url), (200, String::from("one")));

    let again = setting.json(&["deploy", "--stage", "beta", "--json"]);
    assert_eq!(again["changed"], false);

    setting.write("handler.js", &HANDLER.replace("'one'", "'two'"));
    assert_eq!(setting.json(&["deploy", "--stage", "beta", "--json"])["changed"], true);
    assert_eq!(get(&url).1, "two");

    let invoked =
        setting.json(&["invoke", "-s", "beta", "-f", "hello", "-d", "{\"a\": 7}", "--log", "--json"]);
    assert_eq!(invoked["payload"]["body"], "two");
    assert!(invoked["log"].as_str().unwrap().contains("called 7"), "{invoked}");
    // Log events are written in batches, a moment after the invocation that printed them was answered.
    let told = |logs: &serde_json::Value| {
        let events = logs["events"].as_array().unwrap();
        events.iter().any(|event| event["message"].as_str().unwrap().contains("called 7"))
    };
    let mut logs = serde_json::Value::Null;
    let shown = (0..50).any(|_| {
        logs = setting.json(&["logs", "-s", "beta", "-f", "hello", "--json"]);
        told(&logs)
    });
    assert!(shown, "{logs}");

    // A mistake in the file touches nothing.
    setting.write("serverless.yml", &SERVICE.replace("handler.hello", "gone.hello"));
    let (status, _, stderr) = setting.run(&["deploy", "--stage", "beta"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("serverless.yml:5:14"), "{stderr}");
    assert_eq!(get(&url).1, "two");

    // One that only CloudFormation can see is told at its line, too.
    setting.write(
        "serverless.yml",
        &format!("{SERVICE}resources: {{Resources: {{Table: {{Type: AWS::DynamoDB::Table}}}}}}\n"),
    );
    let (status, _, stderr) = setting.run(&["deploy", "--stage", "beta"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("AWS::DynamoDB::Table") && stderr.contains("serverless.yml:8:"), "{stderr}");

    // What fails half-way is rolled back, and the reason is told.
    setting.write(
        "serverless.yml",
        &format!("{SERVICE}resources:\n  Resources:\n    Client: {{Type: AWS::Cognito::UserPoolClient, Properties: {{UserPoolId: us-east-1_Nowhere12}}}}\n"),
    );
    let (status, _, stderr) = setting.run(&["deploy", "--stage", "beta"]);
    assert_eq!(status, 1);
    assert!(stderr.contains("everything is as it was before"), "{stderr}");
    assert!(
        stderr.contains("Client (AWS::Cognito::UserPoolClient)") && stderr.contains("serverless.yml:10:5"),
        "{stderr}"
    );
    assert_eq!(get(&url).1, "two");

    setting.write("serverless.yml", SERVICE);
    let removed = setting.json(&["remove", "--stage", "beta", "--json"]);
    assert_eq!((&removed["removed"], removed["kept"].as_array().unwrap().len()), (&true.into(), 0));
    assert_ne!(get(&url).0, 200);
    assert_eq!(setting.run(&["info", "--stage", "beta"]).0, 1);
    assert_eq!(setting.json(&["remove", "--stage", "beta", "--json"])["removed"], false);
    assert_eq!(server.interrupt(), 0);
}

#[test]
fn a_pool_without_oauth_is_told_what_it_lacks_and_a_protected_one_stays() {
    let mut setting = Setting::new();
    let _server = setting.serve();
    setting.write(
        "serverless.yml",
        "service: pools\nprovider: aws\nresources:\n  Resources:\n    Pool: {Type: AWS::Cognito::UserPool, Properties: {UserPoolName: p, DeletionProtection: ACTIVE}}\n    Client: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Ref Pool, ClientName: web}}\n",
    );
    let deployed = setting.json(&["deploy", "--json"]);
    let pool = deployed["userPools"][0]["id"].as_str().unwrap();
    let lines = deployed["missing"].as_array().unwrap();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].as_str().unwrap().contains(&format!("update-user-pool-client --user-pool-id {pool} ")));
    assert!(lines[1].as_str().unwrap().contains("create-user-pool-domain"));
    let removed = setting.json(&["remove", "--json"]);
    assert_eq!(removed["kept"][0]["physicalId"], pool);
    assert_eq!(removed["kept"][0]["reason"], "DeletionProtection is ACTIVE");
    assert_eq!(setting.run(&["info"]).0, 1);
}

#[test]
fn a_server_that_cannot_start_says_why_and_changes_nothing() {
    let mut setting = Setting::new();
    let server = setting.serve();
    let port = setting.endpoint.rsplit(':').next().unwrap().to_owned();
    let address = format!("127.0.0.1:{port}");
    let (status, _, stderr) = setting.run(&["serve", "--listen", &address, "--data", "other"]);
    assert_eq!(status, 1);
    assert!(stderr.contains("is in use by another process"), "{stderr}");
    assert!(!setting.path("other").exists());
    let (status, _, stderr) = setting.run(&["serve", "--listen", "127.0.0.1:0", "--data", ".poolhouse"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("in use by another server"), "{stderr}");
    assert_eq!(server.interrupt(), 0);
    std::fs::rename(setting.path(".poolhouse/master.key"), setting.path("kept.key")).unwrap();
    let (status, _, stderr) = setting.run(&["serve", "--listen", "127.0.0.1:0", "--data", ".poolhouse"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("has no master.key"), "{stderr}");
    setting.write("wrong.key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n");
    let words =
        ["serve", "--listen", "127.0.0.1:0", "--data", ".poolhouse", "--master-key-file", "wrong.key"];
    let (status, _, stderr) = setting.run(&words);
    assert_eq!(status, 2);
    assert!(stderr.contains("belongs to master key"), "{stderr}");
}
