//! MOCK: CORS preflight as the Serverless Framework v3 writes it, and AWS integrations through templates.

use bytes::Bytes;
use gateway::definitions::{
    IntegrationDefinition, IntegrationKind, IntegrationResponse, MethodDefinition, MethodResponse,
};
use http::Request;
use serde_json::json;

use crate::house::{Api, House, function_uri, header, text};

fn preflight(origin: &str, template: &str) -> MethodDefinition {
    let headers = |value: fn(&str) -> String| {
        [
            ("Origin", origin),
            ("Headers", "'Content-Type,Authorization'"),
            ("Methods", "'OPTIONS,GET'"),
            ("Credentials", "'true'"),
        ]
        .map(|(name, text)| (format!("method.response.header.Access-Control-Allow-{name}"), value(text)))
    };
    MethodDefinition {
        http_method: "OPTIONS".into(),
        authorization_type: Some("NONE".into()),
        method_responses: vec![MethodResponse {
            status_code: "200".into(),
            response_parameters: headers(str::to_owned).map(|(name, _)| (name, true)).into(),
            ..MethodResponse::default()
        }],
        integration: Some(IntegrationDefinition {
            kind: IntegrationKind::Mock,
            request_templates: [("application/json".into(), "{statusCode:200}".into())].into(),
            content_handling: Some("CONVERT_TO_TEXT".into()),
            integration_responses: vec![IntegrationResponse {
                status_code: "200".into(),
                response_parameters: headers(str::to_owned).into(),
                response_templates: [("application/json".into(), template.into())].into(),
                ..IntegrationResponse::default()
            }],
            ..IntegrationDefinition::default()
        }),
        ..MethodDefinition::default()
    }
}

async fn options(api: &Api<'_>, path: &str, origin: &str) -> http::Response<Bytes> {
    let request = Request::options(path)
        .header("origin", origin)
        .header("access-control-request-method", "GET")
        .body(Bytes::new())
        .unwrap();
    api.send(request).await
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let house = House::open();
    let api = house.api().await;
    api.put("/any", preflight("'*'", "")).await;
    let template = "#set($origin = $input.params(\"Origin\"))\n#if($origin == \"\") #set($origin = $input.params(\"origin\")) #end\n#if($origin.matches(\"http://localhost:3000\") || $origin.matches(\"https://.+[.]example[.]com\")) #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end";
    api.put("/some", preflight("'http://localhost:3000'", template)).await;
    api.deploy().await;

    let response = options(&api, "/any", "http://localhost:3000").await;
    assert_eq!((response.status().as_u16(), text(&response)), (200, ""));
    assert_eq!(header(&response, "access-control-allow-origin"), "*");
    assert_eq!(header(&response, "access-control-allow-methods"), "OPTIONS,GET");
    assert_eq!(header(&response, "access-control-allow-credentials"), "true");
    assert_eq!(header(&response, "content-type"), "application/json");

    for (origin, allowed) in [
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://shop.example.com", "https://shop.example.com"),
        ("https://evil.example.com.attacker.net", "http://localhost:3000"),
        ("", "http://localhost:3000"),
    ] {
        let response = options(&api, "/some", origin).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers().get_all("access-control-allow-origin").iter().count(), 1);
        assert_eq!(header(&response, "access-control-allow-origin"), allowed, "{origin}");
    }
    assert!(house.functions.calls.lock().unwrap().is_empty());
}

fn through_templates(responses: Vec<IntegrationResponse>, template: &str) -> MethodDefinition {
    MethodDefinition {
        http_method: "POST".into(),
        method_responses: responses
            .iter()
            .map(|response| MethodResponse {
                status_code: response.status_code.clone(),
                ..MethodResponse::default()
            })
            .collect(),
        integration: Some(IntegrationDefinition {
            kind: IntegrationKind::Aws,
            integration_http_method: Some("POST".into()),
            uri: Some(function_uri("work")),
            request_templates: [("application/json".into(), template.into())].into(),
            passthrough_behavior: Some("NEVER".into()),
            integration_responses: responses,
            ..IntegrationDefinition::default()
        }),
        ..MethodDefinition::default()
    }
}

#[tokio::test]
async fn a_function_behind_templates() {
    let house = House::open();
    let api = house.api().await;
    let response = |status: &str, pattern: Option<&str>, template: &str| IntegrationResponse {
        status_code: status.into(),
        selection_pattern: pattern.map(str::to_owned),
        response_templates: [("application/json".into(), template.into())].into(),
        ..IntegrationResponse::default()
    };
    let responses = vec![
        response("200", None, r#"{"doubled": $input.path('$.value')}"#),
        response("404", Some("not found.*"), r#"{"message": $input.json('$.errorMessage')}"#),
    ];
    let template = r#"{"n": $input.json('$.n'), "who": "$util.escapeJavaScript($input.params('who'))"}"#;
    api.put("/work", through_templates(responses, template)).await;
    api.deploy().await;
    house.functions.write("work", |event| match event["n"].as_i64() {
        Some(n) => Ok(json!({"value": n * 2, "who": event["who"]})),
        None => Err(json!({"errorMessage": "not found: \"n\"", "errorType": "Error"})),
    });
    let post = |body: &'static str, kind: &str| {
        let request =
            Request::post("/work?who=a%22b").header("content-type", kind).body(Bytes::from(body)).unwrap();
        api.send(request)
    };
    let found = post(r#"{"n": 21}"#, "application/json; charset=utf-8").await;
    assert_eq!((found.status().as_u16(), text(&found)), (200, r#"{"doubled": 42}"#));
    let lost = post(r#"{"n": "x"}"#, "application/json").await;
    assert_eq!((lost.status().as_u16(), text(&lost)), (404, r#"{"message": "not found: \"n\""}"#));
    let other = post("n=1", "text/plain").await;
    assert_eq!((other.status().as_u16(), text(&other)), (415, "{\"message\": \"Unsupported Media Type\"}"));
}
