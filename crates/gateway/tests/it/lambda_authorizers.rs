//! TOKEN and REQUEST: functions that decide.

use bytes::Bytes;
use gateway::definitions::{AuthorizerDefinition, AuthorizerKind};
use http::Request;
use serde_json::{Value, json};

use crate::house::{Api, House, body_json, custom, function_uri, header, text};

fn definition(kind: AuthorizerKind, source: Option<&str>, ttl: Option<u32>) -> AuthorizerDefinition {
    AuthorizerDefinition {
        name: "decides".into(),
        kind,
        authorizer_uri: Some(function_uri("decide")),
        identity_source: source.map(str::to_owned),
        authorizer_result_ttl_in_seconds: ttl,
        ..AuthorizerDefinition::default()
    }
}

async fn with_api(house: &House, definition: AuthorizerDefinition) -> Api<'_> {
    let api = house.api().await;
    let authorizer = api.authorizer(definition).await;
    api.put("/a", custom("GET", "echo", &authorizer)).await;
    api.put("/b/{id}", custom("GET", "echo", &authorizer)).await;
    api.deploy().await;
    api
}

/// Allows `/a` and what is under `/b` but `/b/secret`, for the caller that its token names.
fn decide(event: Value) -> Result<Value, Value> {
    let arn = event["methodArn"].as_str().unwrap();
    let base = arn.split("/GET").next().unwrap();
    match event["authorizationToken"].as_str().unwrap_or("allow") {
        "unauthorized" => Err(json!({"errorMessage": "Unauthorized", "errorType": "Error"})),
        "crash" => Err(json!({"errorMessage": "boom", "errorType": "Error"})),
        "nonsense" => Ok(json!("hello")),
        "deny" => Ok(json!({"principalId": "u", "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Deny", "Action": "*", "Resource": "*"}]}})),
        "silent" => Ok(json!({"principalId": "u", "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": format!("{base}/GET/elsewhere")}]}})),
        token => Ok(json!({"principalId": token, "context": {"role": "admin", "n": 1, "b": true},
            "policyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": [format!("{base}/GET/a"), format!("{base}/GET/b/*")]},
            {"Effect": "Deny", "Action": "execute-api:*", "Resource": [format!("{base}/GET/b/secret"), format!("{base}/GET/b/*secret")]}]}})),
    }
}

#[tokio::test]
async fn a_token_is_decided_about() {
    let house = House::open();
    house.functions.write("decide", decide);
    let api =
        with_api(&house, definition(AuthorizerKind::Token, Some("method.request.header.Auth"), Some(0)))
            .await;
    let call = |path: &str, token: &str| {
        let request = Request::get(path).header("auth", token).body(Bytes::new()).unwrap();
        api.send(request)
    };
    let response = call("/a", "ada").await;
    assert_eq!(response.status(), 200, "{}", text(&response));
    let event = body_json(&response);
    let authorizer = &event["requestContext"]["authorizer"];
    assert_eq!(authorizer["principalId"], "ada");
    assert_eq!(
        (&authorizer["role"], &authorizer["n"], &authorizer["b"]),
        (&json!("admin"), &json!("1"), &json!("true"))
    );
    assert!(authorizer["integrationLatency"].is_number());
    let asked: Value = {
        let calls = house.functions.calls.lock().unwrap();
        serde_json::from_slice(&calls[0].payload).unwrap()
    };
    assert_eq!(asked["type"], "TOKEN");
    assert_eq!(
        asked["methodArn"],
        format!("arn:aws:execute-api:us-east-1:000000000000:{}/dev/GET/a", api.id)
    );

    let unauthorized = (401, "{\"message\":\"Unauthorized\"}", "UnauthorizedException");
    let broken = (500, "{\"message\":null}", "AuthorizerConfigurationException");
    let denied = (
        403,
        "{\"Message\":\"User is not authorized to access this resource with an explicit deny\"}",
        "AccessDeniedException",
    );
    let silent =
        (403, "{\"Message\":\"User is not authorized to access this resource\"}", "AccessDeniedException");
    for (path, token, expected) in [
        ("/a", "unauthorized", unauthorized),
        ("/a", "crash", broken),
        ("/a", "nonsense", broken),
        ("/a", "deny", denied),
        ("/a", "silent", silent),
        ("/b/secret", "ada", denied),
        ("/b/secret/", "ada", denied),
        ("/b//secret", "ada", denied),
        ("/b/%73ecret", "ada", denied),
        ("/b/x:secret", "ada", denied),
    ] {
        let response = call(path, token).await;
        let got = (response.status().as_u16(), text(&response), header(&response, "x-amzn-errortype"));
        assert_eq!(got, expected, "{path} {token}");
    }
    assert_eq!(call("/b/7", "ada").await.status(), 200);
    let before = house.functions.calls_of("decide");
    assert_eq!(api.get("/a").await.status(), 401);
    assert_eq!(house.functions.calls_of("decide"), before, "without a token nobody is asked");
}

#[tokio::test]
async fn a_decision_is_kept_and_its_policy_asked_anew_for_each_path() {
    let house = House::open();
    house.functions.write("decide", decide);
    let api = with_api(&house, definition(AuthorizerKind::Token, None, Some(60))).await;
    for (path, status) in [("/a", 200), ("/a", 200), ("/b/7", 200), ("/b/secret", 403)] {
        assert_eq!(api.get_with(path, "ada").await.status(), status, "{path}");
    }
    assert_eq!(house.functions.calls_of("decide"), 1);
    assert_eq!(api.get_with("/a", "deny").await.status(), 403);
    assert_eq!(house.functions.calls_of("decide"), 2, "another token is another question");
    house.clock.advance_seconds(60);
    assert_eq!(api.get_with("/a", "ada").await.status(), 200);
    assert_eq!(house.functions.calls_of("decide"), 3);
}

#[tokio::test]
async fn a_request_authorizer_sees_the_request() {
    let house = House::open();
    house.functions.write("decide", decide);
    let sources = "method.request.header.X-Key, method.request.querystring.who";
    let api = with_api(&house, definition(AuthorizerKind::Request, Some(sources), Some(60))).await;
    let call = |path: &str, key: &str| {
        let request = Request::get(path).header("x-key", key).body(Bytes::new()).unwrap();
        api.send(request)
    };
    assert_eq!(call("/b/7?who=ada", "k").await.status(), 200);
    assert_eq!(call("/b/7/?who=ada", "k").await.status(), 200);
    assert_eq!(call("/a?who=eve", "k").await.status(), 200);
    // The same bytes, cut elsewhere.
    assert_eq!(call("/a?who=ve", "ke").await.status(), 200);
    assert_eq!(house.functions.calls_of("decide"), 3);
    assert_eq!(call("/a", "k").await.status(), 401);
    assert_eq!(call("/a?who=a&who=b", "k").await.status(), 401);
    let calls = house.functions.calls.lock().unwrap();
    let asked: Value = serde_json::from_slice(&calls[0].payload).unwrap();
    assert_eq!(asked["type"], "REQUEST");
    assert_eq!(asked["pathParameters"]["id"], "7");
    assert_eq!(asked["stageVariables"], json!({}));
    assert_eq!(asked["queryStringParameters"]["who"], "ada");
    assert_eq!(asked["requestContext"]["resourcePath"], "/b/{id}");
    assert!(asked.get("body").is_none());
    let principal = calls[0].on_behalf_of.as_ref().unwrap();
    assert!(principal.source_arn.contains("/authorizers/"), "{}", principal.source_arn);
}

#[tokio::test]
async fn a_token_may_have_to_look_like_one() {
    let house = House::open();
    house.functions.write("decide", decide);
    let mut wanted = definition(AuthorizerKind::Token, None, Some(0));
    wanted.identity_validation_expression = Some("Bearer [a-z]+".into());
    let api = with_api(&house, wanted).await;
    assert_eq!(api.get_with("/a", "ada").await.status(), 401);
    assert_eq!(api.get_with("/a", "xBearer ada").await.status(), 401);
    assert_eq!(house.functions.calls_of("decide"), 0);
    assert_eq!(api.get_with("/a", "Bearer ada").await.status(), 200);
}
