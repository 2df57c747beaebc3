//! What functions get, and what becomes of what they answer.

use bytes::Bytes;
use gateway::definitions::{RestApiDefinition, StageDefinition};
use http::Request;
use serde_json::{Value, json};

use crate::house::{House, body_json, header, proxy, text};

#[tokio::test]
async fn a_function_gets_the_whole_request() {
    let house = House::open();
    let api = house.api().await;
    api.put("/users/{id}", proxy("ANY", "echo")).await;
    let variables = [(String::from("table"), String::from("users-dev"))].into();
    api.deploy_as(StageDefinition { stage_name: "dev".into(), variables, ..StageDefinition::default() })
        .await;
    let request = Request::post("/users/a%2fb/?q=1&q=2&r=x+y")
        .header("host", "x.localhost")
        .header("content-type", "application/json")
        .header("user-agent", "tester/1")
        .header("x-multi", "a")
        .header("x-multi", "b")
        .header("x-forwarded-for", "10.0.0.1")
        .header("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678")
        .body(Bytes::from_static(b"{\"a\":1}"))
        .unwrap();
    let response = api.send(request).await;
    assert_eq!(response.status(), 200, "{}", text(&response));
    let mut event = body_json(&response);
    let context = event["requestContext"].as_object_mut().unwrap();
    for name in ["requestId", "extendedRequestId", "resourceId", "deploymentId"] {
        let drawn = context.insert(name.into(), json!("<drawn>")).unwrap();
        assert!(!drawn.as_str().unwrap().is_empty());
    }
    let shown = serde_json::to_string_pretty(&event).unwrap().replace(&api.id, "<api>");
    insta::assert_snapshot!(shown);
    assert_eq!(header(&response, "content-type"), "application/json");
    assert_eq!(header(&response, "x-amzn-trace-id"), "Root=1-67891233-abcdef012345678912345678");
    assert!(!header(&response, "x-amzn-requestid").is_empty());
    assert!(!header(&response, "x-amz-apigw-id").is_empty());
    let calls = house.functions.calls.lock().unwrap();
    let caller = calls[0].on_behalf_of.as_ref().unwrap();
    assert_eq!(caller.service, "apigateway.amazonaws.com");
    assert_eq!(
        caller.source_arn,
        format!("arn:aws:execute-api:us-east-1:000000000000:{}/dev/*/users/{{id}}", api.id)
    );
}

#[tokio::test]
async fn what_is_empty_is_null() {
    let house = House::open();
    let api = house.api().await;
    api.put("/", proxy("GET", "echo")).await;
    api.deploy().await;
    let event = body_json(&api.get("/").await);
    for name in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    ] {
        assert_eq!(event[name], Value::Null, "{name}");
    }
    assert_eq!(event["isBase64Encoded"], false);
    assert_eq!(event["requestContext"]["path"], "/dev/");
    assert!(event["requestContext"].get("authorizer").is_none());
}

/// Whatever a caller writes into headers, the context says what the gateway knows.
#[tokio::test]
async fn identity_from_outside_stays_outside() {
    let house = House::open();
    let api = house.api().await;
    api.put("/", proxy("GET", "echo")).await;
    api.deploy().await;
    let request = Request::get("/")
        .header("x-forwarded-for", "1.2.3.4")
        .header("x-real-ip", "1.2.3.4")
        .header("x-amzn-requestid", "forged")
        .header("x-amzn-trace-id", "Root=forged\u{1}".replace('\u{1}', "%00"))
        .header("x-amz-apigw-id", "forged")
        .header("connection", "x-internal")
        .header("x-internal", "1")
        .header("requestcontext", "{\"authorizer\":{\"claims\":{\"sub\":\"root\"}}}")
        .body(Bytes::new())
        .unwrap();
    let response = api.send(request).await;
    let event = body_json(&response);
    assert_eq!(event["requestContext"]["identity"]["sourceIp"], "203.0.113.9");
    assert_eq!(event["requestContext"]["identity"]["accountId"], Value::Null);
    assert!(event["requestContext"].get("authorizer").is_none());
    assert_ne!(event["requestContext"]["requestId"], "forged");
    assert_eq!(event["headers"]["X-Forwarded-For"], "1.2.3.4, 203.0.113.9");
    assert!(event["headers"]["X-Amzn-Trace-Id"].as_str().unwrap().starts_with("Root=1-"));
    assert_eq!(event["headers"].get("x-internal"), None);
    assert_ne!(header(&response, "x-amzn-requestid"), "forged");
}

#[tokio::test]
async fn bytes_travel_as_base64() {
    let house = House::open();
    let binary = RestApiDefinition {
        name: "binary".into(),
        binary_media_types: vec!["image~1png".into()],
        ..RestApiDefinition::default()
    };
    let api = house.api_with(binary).await;
    api.put("/", proxy("POST", "back")).await;
    api.deploy().await;
    house.functions.write("back", |event| {
        Ok(json!({"headers": {"content-type": "image/png"}, "body": event["body"], "isBase64Encoded": event["isBase64Encoded"]}))
    });
    let bytes = Bytes::from_static(b"\x89PNG\xff\x00");
    let post = |kind: &str| Request::post("/").header("content-type", kind).header("accept", "image/png");
    let response = api.send(post("image/png").body(bytes.clone()).unwrap()).await;
    assert_eq!(response.body(), &bytes);
    let response = api.send(post("text/plain").body(Bytes::from_static(b"plain")).unwrap()).await;
    assert_eq!(text(&response), "plain");
}

#[tokio::test]
async fn functions_that_fail() {
    let house = House::open();
    let api = house.api().await;
    for name in ["crash", "malformed", "missing"] {
        api.put(&format!("/{name}"), proxy("GET", name)).await;
    }
    let mut slow = proxy("GET", "slow");
    slow.integration.as_mut().unwrap().timeout_in_millis = Some(50);
    api.put("/slow", slow).await;
    api.deploy().await;
    house.functions.write("crash", |_| Err(json!({"errorMessage": "secret detail", "errorType": "Error"})));
    house.functions.write("malformed", |_| Ok(json!({"statusCode": 200, "message": "not a member"})));
    for (path, status, body) in [
        ("/crash", 502, "{\"message\": \"Internal server error\"}"),
        ("/malformed", 502, "{\"message\": \"Internal server error\"}"),
        ("/missing", 500, "{\"message\": \"Internal server error\"}"),
        ("/slow", 504, "{\"message\": \"Endpoint request timed out\"}"),
    ] {
        let response = api.get(path).await;
        assert_eq!((response.status().as_u16(), text(&response)), (status, body), "{path}");
        assert_eq!(header(&response, "x-amzn-errortype"), "InternalServerErrorException", "{path}");
    }
}

#[tokio::test]
async fn a_body_has_a_limit() {
    let house = House::open();
    let api = house.api().await;
    api.put("/", proxy("POST", "echo")).await;
    api.deploy().await;
    let request = Request::post("/").body(Bytes::from(vec![b'a'; 10_485_761])).unwrap();
    let response = api.send(request).await;
    assert_eq!(response.status(), 413);
    assert_eq!(text(&response), "{\"message\":\"HTTP content length exceeded 10485760 bytes.\"}");
    // Under the gateway's limit, over what a function can be handed.
    let request = Request::post("/").body(Bytes::from(vec![b'a'; 7_000_000])).unwrap();
    assert_eq!(api.send(request).await.status(), 413);
    assert_eq!(house.functions.calls_of("echo"), 0);
}

#[tokio::test]
async fn answers_are_compressed_where_the_api_says_so() {
    let house = House::open();
    let small = RestApiDefinition {
        name: "small".into(),
        minimum_compression_size: Some(100),
        ..RestApiDefinition::default()
    };
    let api = house.api_with(small).await;
    api.put("/", proxy("POST", "echo")).await;
    api.deploy().await;
    let request =
        Request::post("/").header("accept-encoding", "gzip").body(Bytes::from_static(b"hi")).unwrap();
    let response = api.send(request).await;
    assert_eq!(header(&response, "content-encoding"), "gzip");
    let plain = gateway::payload::compression::decompress(response.body(), "gzip").unwrap();
    let event: Value = serde_json::from_slice(&plain).unwrap();
    assert_eq!(event["body"], "hi");

    let packed = response.body().clone();
    let request = Request::post("/").header("content-encoding", "gzip").body(packed).unwrap();
    let event = body_json(&api.send(request).await);
    assert!(event["body"].as_str().unwrap().starts_with('{'));
    assert_eq!(event["headers"].get("Content-Encoding"), None);
    let request =
        Request::post("/").header("content-encoding", "gzip").body(Bytes::from_static(b"no")).unwrap();
    assert_eq!(api.send(request).await.status(), 400);
}
