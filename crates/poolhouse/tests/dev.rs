//! `poolhouse dev`: up, changed, mistaken, mended, stopped, and up again with all that was there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test starts processes, and fails by panicking"
)]

mod support;

use support::{HANDLER, SERVICE, Setting, get};

#[test]
fn it_deploys_on_every_change_and_shows_what_functions_write() {
    let mut setting = Setting::new();
    let mut dev = setting.start(&["dev", "."]);
    let line = dev.wait_for("/apis/");
    let url = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    dev.wait_for("Ctrl-C");
    assert_eq!(get(&url), (200, String::from("one")));
    dev.wait_for("called null");
    let info: serde_json::Value =
        serde_json::from_slice(&std::fs::read(setting.path(".poolhouse/info.json")).unwrap()).unwrap();
    assert_eq!(info["endpoints"][0]["url"], url);

    setting.write("handler.js", &HANDLER.replace("'one'", "'two'"));
    dev.wait_for("Deployed again");
    assert_eq!(get(&url).1, "two");

    setting.write("serverless.yml", &SERVICE.replace("handler.hello", "gone.hello"));
    dev.wait_for("a file that does not exist");
    dev.wait_for("waiting for the next change");
    assert_eq!(get(&url).1, "two");

    setting.write("serverless.yml", &format!("{SERVICE}      - http: GET /more\n"));
    dev.wait_for("Deployed again");
    assert_eq!(get(&url.replace("/hello", "/more")).1, "two");
    assert_eq!(dev.interrupt(), 0);

    let mut dev = setting.start(&["dev", "."]);
    let line = dev.wait_for("/apis/");
    let api = |url: &str| url.split("/apis/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let again = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    assert_eq!(api(&again), api(&url));
    assert_eq!(get(&again).1, "two");
    assert_eq!(dev.interrupt(), 0);
}

#[test]
fn a_file_that_is_wrong_from_the_start_is_waited_for() {
    let mut setting = Setting::new();
    setting.write("serverless.yml", "service: trial\nprovider: {name: aws, memorySize: lots}\n");
    let mut dev = setting.start(&["dev", "."]);
    dev.wait_for("expected a whole number from 128 to 10240");
    dev.wait_for("waiting for a change");
    setting.write("serverless.yml", SERVICE);
    dev.wait_for("Deployed again");
    assert_eq!(dev.interrupt(), 0);
}
