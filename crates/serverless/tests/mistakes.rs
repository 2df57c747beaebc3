//! What is wrong with a file is told at its line, all of it at once, before anything is done.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;

use serverless::{Options, Severity, compile, load};

fn told(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("serverless.yml"), text).unwrap();
    fs::write(folder.path().join("handler.js"), "exports.a = async () => 1").unwrap();
    match load(folder.path(), Options::default()) {
        Err(report) => report.to_string(),
        Ok(service) => match compile(&service) {
            Err(report) => report.to_string(),
            Ok(compiled) => compiled.report.to_string(),
        },
    }
}

fn expect(text: &str, expected: &[&str]) {
    let found = told(text);
    for line in expected {
        assert!(found.lines().any(|found| found.contains(line)), "{line}\nin\n{found}");
    }
    assert_eq!(found.lines().count(), expected.len(), "{found}");
}

#[test]
fn a_runtime_that_lambda_never_had_is_told_at_its_line() {
    expect(
        "service: svc\nprovider:\n  name: aws\n  runtime: nodejs8.10\nfunctions:\n  a:\n    handler: handler.a\n    runtime: nodejs20\n",
        &[
            "serverless.yml:8:14: error: 'functions.a.runtime' is the text 'nodejs20', expected a runtime of AWS Lambda, such as nodejs22.x",
        ],
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    expect(
        "service: 5five\nprovider:\n  name: aws\n  runtime: nodejs20.x\n  memorySize: lots\n  timeuot: 5\nfunctions:\n  a:\n    handler: handler.a\n    timeout: 1000\n    events:\n      - http: GET\n      - schedule: rate(1 minute)\n      - htpp: GET /x\n      - http: {path: x, method: fetch}\n    memorySize: ${self:custom.none}\n    memorySize: 512\n",
        &[
            "serverless.yml:1:10: error: 'service' is the text '5five', expected a name of letters",
            "5:15: error: 'provider.memorySize' is the text 'lots', expected a whole number from 128 to 10240",
            "6:3: warning: 'timeuot' is not known in 'provider' and is not read (did you mean 'timeout'?)",
            "10:14: error: 'functions.a.timeout' is the number 1000, expected a whole number from 1 to 900",
            "12:15: error: 'functions.a.events[0].http' is the text 'GET', expected a method and a path",
            "13:9: error: the event 'schedule' is not supported yet",
            "14:9: error: there is no event 'htpp' (did you mean 'http'?)",
            "15:33: error: 'functions.a.events[3].http.method' is the text 'fetch', expected one of GET",
            "17:5: error: the key 'memorySize' is written twice",
        ],
    );
}

#[test]
fn unknown_words_only_warn() {
    expect(
        "service: svc\nprovider: {name: aws, runtime: nodejs20.x}\nfunction: {}\nfunctions: {a: {handler: handler.a, memorysize: 5}}\nplugins: [serverless-offline, my-plugin]\norg: me\n",
        &[
            "3:1: warning: 'function' is not known in the service and is not read (did you mean 'functions'?)",
            "4:37: warning: 'memorysize' is not known in 'functions.a' and is not read (did you mean 'memorySize'?)",
            "5:11: warning: the plugin serverless-offline is not needed here and is skipped",
            "5:31: warning: the plugin my-plugin is skipped",
            "6:1: warning: 'org' has no effect here",
        ],
    );
    let strict = told("service: svc\nprovider: {name: aws}\nfunction: {}\nconfigValidationMode: error\n");
    assert!(strict.contains("3:1: error"), "{strict}");
}

#[test]
fn what_is_not_built_is_an_error_at_its_line() {
    expect(
        "service: svc\nprovider:\n  name: aws\n  runtime: nodejs20.x\n  logs:\n    restApi: true\n  apiGateway: {restApiResources: {a: b}}\nplugins:\n  - serverless-webpack\nfunctions:\n  a: {handler: handler.a, image: x}\n  b:\n    handler: handler.a\n    events:\n      - cognitoUserPool: {pool: p, trigger: PreSignUp, existing: true}\n      - httpApi: '*'\nlayers: {x: {path: y}}\n",
        &[
            "6:5: error: 'provider.logs.restApi' is not supported",
            "7:16: error: 'provider.apiGateway.restApiResources' is not supported",
            "9:5: error: the plugin serverless-webpack builds the code",
            "11:27: error: 'functions.a.image' is not supported",
            "15:66: error: 'existing: true' is not supported",
            "16:9: error: the event 'httpApi' is not supported yet",
            "17:1: error: 'layers' is not supported",
        ],
    );
}

#[test]
fn wrong_kinds_are_told_with_what_was_expected() {
    expect(
        "service: svc\nprovider: {name: azure, region: here, stage: 'a b'}\nfunctions:\n  a: text\n  b: {handler: [x, y]}\n  'c d': {handler: handler.a}\n  e: {}\nresources:\n  Resources:\n    X: {Type: [a, b]}\n    Y: [1]\npackage: {individually: maybe, patterns: {a: b}}\n",
        &[
            "2:18: error: 'provider.name' is the text 'azure', expected 'aws'",
            "2:33: error: 'provider.region' is the text 'here', expected a region",
            "2:46: error: 'provider.stage' is the text 'a b', expected a stage's name",
            "4:6: error: 'functions.a' is the text 'text', expected the function (an object)",
            "5:16: error: 'functions.b.handler' is a list, expected text",
            "6:3: error: 'c d' is not a function's name",
            "7:3: error: the function 'e' needs a 'handler'",
            "10:15: error: 'resources.Resources.X.Type' is a list, expected text",
            "11:8: error: 'resources.Resources.Y' is a list, expected the resource",
            "12:25: error: 'package.individually' is the text 'maybe', expected true or false",
            "12:42: error: 'package.patterns' is an object, expected a list",
        ],
    );
}

#[test]
fn http_events_are_checked_before_they_are_compiled() {
    let text = |events: &str| {
        format!(
            "service: svc\nprovider: {{name: aws, runtime: nodejs20.x}}\nfunctions:\n  a:\n    handler: handler.a\n    events:\n{events}"
        )
    };
    expect(
        &text(
            "      - http: {path: a//b, method: get}\n      - http: {path: 'x{y}', method: get}\n      - http: {path: '{z+}/more', method: get}\n      - http: {path: q, method: get, authorizer: nobody}\n      - http: {path: r, method: get, authorizer: {type: token}}\n      - http: {path: s, method: get, authorizer: {arn: !GetAtt X.Arn}}\n      - http: {path: t, method: get, integration: http}\n      - http:\n        path: u\n        method: get\n      - http: {path: a-b, method: get}\n      - http: {path: adashb, method: get}\n",
        ),
        &[
            "7:22: error: the path '/a//b' has an empty part",
            "8:22: error: the path '/x{y}' has a part that is a variable only partly",
            "9:22: error: the path '/{z+}/more' goes on behind",
            "10:50: error: the authorizer 'nobody' is not a function of this service",
            "11:50: error: an authorizer needs",
            "12:50: error: an authorizer whose ARN is a function",
            "13:15: error: the HTTP integration needs 'request.uri'",
            "15:9: error: 'functions.a.events[7]' is more than one event (begin each",
        ],
    );
}

#[test]
fn two_paths_of_one_name_do_not_become_one() {
    let found = told(
        "service: svc\nprovider: {name: aws, runtime: nodejs20.x}\nfunctions:\n  a:\n    handler: handler.a\n    events:\n      - http: GET /a-b\n      - http: GET /aDashb\n      - http: GET /A-b/x\n",
    );
    assert!(found.contains("gets the same name (ApiGatewayResourceADashb)"), "{found}");
}

#[test]
fn a_report_is_shown_with_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("serverless.yml"),
        "service: svc\nprovider:\n  name: aws\n  timeout: soon\n  tiemout: 1\n",
    )
    .unwrap();
    let report = load(folder.path(), Options::default()).unwrap_err();
    insta::assert_snapshot!(report.render(false));
    let problems = report.problems();
    assert_eq!(problems.len(), 2);
    assert_eq!(
        (problems[0].severity, problems[0].line, problems[0].column),
        (Severity::Error, Some(4), Some(12))
    );
}

#[test]
fn a_folder_without_a_service_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let report = load(folder.path(), Options::default()).unwrap_err().to_string();
    assert!(report.contains("there is no serverless.yml in"), "{report}");
    fs::write(folder.path().join("serverless.ts"), "").unwrap();
    let report = load(folder.path(), Options::default()).unwrap_err().to_string();
    assert!(report.contains("serverless.ts would have to be run"), "{report}");
    fs::write(folder.path().join("serverless.yml"), "- a\n").unwrap();
    let report = load(folder.path(), Options::default()).unwrap_err().to_string();
    assert!(report.contains("serverless.yml is a list, expected an object"), "{report}");
    fs::write(folder.path().join("serverless.yml"), [0xff, 0xfe]).unwrap();
    let report = load(folder.path(), Options::default()).unwrap_err().to_string();
    assert!(report.contains("not text in UTF-8"), "{report}");
}

mod never_panics {
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn on_any_text(text in "[\\PC\n\t]{0,200}") {
            super::told(&text);
        }

        #[test]
        fn on_scraps_of_a_service(words in proptest::collection::vec(prop_oneof![
            Just("service: s\n"), Just("provider:\n"), Just("  name: aws\n"), Just("functions:\n"), Just("  a:\n"),
            Just("    handler: h.a\n"), Just("    events:\n"), Just("      - http: GET /{x}\n"), Just("${self:"),
            Just("${opt:a, "), Just("}"), Just("'"), Just("\\"), Just("&a "), Just("*a"), Just("!Sub "), Just("<<: "),
            Just("- "), Just("{"), Just("["), Just("]"), Just(", "), Just(": "), Just("\n"), Just("  "), Just("file("),
            Just("é"), Just("self:service"),
        ], 0..40)) {
            super::told(&words.concat());
        }
    }
}
