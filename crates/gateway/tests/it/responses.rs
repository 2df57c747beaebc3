//! Gateway responses: AWS's own, and those that an API's owner changed.

use bytes::Bytes;
use gateway::{
    ApiRequest,
    definitions::{AccessLogSetting, GatewayResponseDefinition, StageDefinition},
};
use http::Request;

use crate::house::{House, POOL, body_json, guarded, header, proxy, text};

#[tokio::test]
async fn what_is_not_there() {
    let house = House::open();
    let api = house.api().await;
    api.put("/here", proxy("GET", "echo")).await;
    api.deploy().await;
    for request in [Request::get("/nowhere"), Request::post("/here"), Request::head("/here")] {
        let response = api.send(request.body(Bytes::new()).unwrap()).await;
        assert_eq!(response.status(), 403);
        assert_eq!(text(&response), "{\"message\":\"Missing Authentication Token\"}");
        assert_eq!(header(&response, "x-amzn-errortype"), "MissingAuthenticationTokenException");
        assert_eq!(header(&response, "content-type"), "application/json");
    }
    for (api_id, stage) in [(api.id.as_str(), "prod"), ("nosuchapi0", "dev")] {
        let (head, body) = Request::get("/here").body(Bytes::new()).unwrap().into_parts();
        let request = ApiRequest {
            api_id: api_id.to_owned(),
            stage: stage.to_owned(),
            raw_path: "/here".into(),
            head,
            body,
            source_ip: "203.0.113.9".into(),
            host: "localhost".into(),
            secure: true,
        };
        let response = house.gateway.handle(request).await;
        assert_eq!((response.status().as_u16(), text(&response)), (403, "{\"message\":\"Forbidden\"}"));
        assert_eq!(header(&response, "x-amzn-errortype"), "ForbiddenException");
    }
}

#[tokio::test]
async fn an_owner_may_say_it_differently() {
    let house = House::open();
    let api = house.api().await;
    let authorizer = api.pool_authorizer(&[POOL]).await;
    api.put("/me", guarded("GET", "echo", &authorizer)).await;
    let put = |kind: &str, status: Option<&str>, headers: &[(&str, &str)], templates: &[(&str, &str)]| {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        house.gateway.put_gateway_response(
            &api.id,
            GatewayResponseDefinition {
                response_type: kind.to_owned(),
                status_code: status.map(str::to_owned),
                response_parameters: pairs(headers),
                response_templates: pairs(templates),
            },
        )
    };
    put(
        "DEFAULT_4XX",
        None,
        &[
            ("gatewayresponse.header.Access-Control-Allow-Origin", "'*'"),
            ("gatewayresponse.header.X-Echo", "method.request.header.X-Sent"),
            ("gatewayresponse.header.X-Request", "context.requestId"),
        ],
        &[],
    )
    .await
    .unwrap();
    put(
        "UNAUTHORIZED",
        Some("418"),
        &[],
        &[
            ("application/json", "{\"error\":$context.error.messageString,\"kind\":\"$context.error.responseType\",\"path\":\"$context.path\"}"),
            ("text/html", "<b>$context.error.message</b>"),
        ],
    )
    .await
    .unwrap();
    for (kind, header) in
        [("NO_SUCH_TYPE", "gatewayresponse.header.A"), ("UNAUTHORIZED", "method.response.header.A")]
    {
        assert!(put(kind, None, &[(header, "'x'")], &[]).await.is_err(), "{kind}");
    }
    api.deploy().await;

    let lost = api.send(Request::get("/lost").header("x-sent", "s").body(Bytes::new()).unwrap()).await;
    assert_eq!(text(&lost), "{\"message\":\"Missing Authentication Token\"}");
    assert_eq!(header(&lost, "access-control-allow-origin"), "*");
    assert_eq!(header(&lost, "x-echo"), "s");
    assert_eq!(header(&lost, "x-request"), header(&lost, "x-amzn-requestid"));

    let refused = api.get("/me").await;
    assert_eq!(refused.status(), 418);
    let body = body_json(&refused);
    assert_eq!((body["error"].as_str(), body["kind"].as_str()), (Some("Unauthorized"), Some("UNAUTHORIZED")));
    assert_eq!(body["path"], "/dev/me");
    let refused =
        api.send(Request::get("/me").header("accept", "text/html, */*").body(Bytes::new()).unwrap()).await;
    assert_eq!((header(&refused, "content-type"), text(&refused)), ("text/html", "<b>Unauthorized</b>"));
}

/// What a caller sends cannot break out of a template into headers.
#[tokio::test]
async fn a_mapped_header_cannot_be_split() {
    let house = House::open();
    let api = house.api().await;
    api.put("/here", proxy("GET", "echo")).await;
    let definition = GatewayResponseDefinition {
        response_type: "MISSING_AUTHENTICATION_TOKEN".into(),
        response_parameters: [("gatewayresponse.header.X-Q".into(), "method.request.querystring.q".into())]
            .into(),
        ..GatewayResponseDefinition::default()
    };
    house.gateway.put_gateway_response(&api.id, definition).await.unwrap();
    api.deploy().await;
    let response = api.get("/lost?q=a%0d%0aset-cookie:%20x=1").await;
    assert_eq!(response.status(), 403);
    assert_eq!(header(&response, "set-cookie"), "");
    assert_eq!(header(&response, "x-q"), "");
}

#[tokio::test]
async fn every_request_leaves_a_line_and_a_count() {
    let house = House::open();
    let api = house.api().await;
    api.put("/users/{id}", proxy("GET", "echo")).await;
    let setting = AccessLogSetting {
        destination_arn: Some("arn:aws:logs:us-east-1:000000000000:log-group:access".into()),
        format: Some("$context.identity.sourceIp [$context.requestTime] \"$context.httpMethod $context.path $context.protocol\" $context.status $context.responseLength $context.authorizer.principalId $context.error.message".into()),
    };
    api.deploy_as(StageDefinition {
        stage_name: "dev".into(),
        access_log_setting: Some(setting),
        ..StageDefinition::default()
    })
    .await;
    let served = api.get("/users/7").await;
    api.get("/lost").await;
    let lines = house.log.0.lock().unwrap();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        lines[0].text,
        format!(
            "203.0.113.9 [21/Nov/2026:20:13:27 +0000] \"GET /dev/users/7 HTTP/1.1\" 200 {} - -",
            served.body().len()
        )
    );
    assert!(lines[1].text.ends_with("403 42 - Missing Authentication Token"), "{}", lines[1].text);
    let metrics = house.gateway.metrics();
    assert_eq!((metrics.len(), metrics[0].method.as_str(), metrics[0].count), (1, "GET /users/{id}", 1));
}
