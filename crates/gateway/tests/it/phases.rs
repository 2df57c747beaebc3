//! Throttling and validation.

use bytes::Bytes;
use gateway::definitions::{
    MethodDefinition, MethodSetting, ModelDefinition, RequestValidatorDefinition, StageDefinition,
};
use http::Request;
use serde_json::json;

use crate::house::{House, header, proxy, text};

#[tokio::test]
async fn a_stage_lets_through_what_its_settings_allow() {
    let house = House::open();
    let api = house.api().await;
    api.put("/a", proxy("GET", "echo")).await;
    api.put("/b/{id}", proxy("GET", "echo")).await;
    let setting = |path: &str, burst: u32| MethodSetting {
        resource_path: Some(path.into()),
        http_method: Some("*".into()),
        throttling_burst_limit: Some(burst),
        throttling_rate_limit: Some(1.0),
        ..MethodSetting::default()
    };
    api.deploy_as(StageDefinition {
        stage_name: "dev".into(),
        method_settings: vec![setting("/*", 1), setting("/~1b~1{id}", 3)],
        ..StageDefinition::default()
    })
    .await;
    assert_eq!(api.get("/a").await.status(), 200);
    let refused = api.get("/a").await;
    assert_eq!((refused.status().as_u16(), text(&refused)), (429, "{\"message\":\"Too Many Requests\"}"));
    assert_eq!(header(&refused, "x-amzn-errortype"), "TooManyRequestsException");
    assert_eq!(header(&refused, "retry-after"), "1");
    for _ in 0..3 {
        assert_eq!(api.get("/b/1").await.status(), 200);
    }
    assert_eq!(api.get("/b/2").await.status(), 429);
    house.clock.advance_seconds(1);
    assert_eq!(api.get("/a").await.status(), 200);
}

#[tokio::test]
async fn what_a_method_requires_must_be_there() {
    let house = House::open();
    let api = house.api().await;
    let validator = RequestValidatorDefinition {
        name: Some("both".into()),
        validate_request_body: true,
        validate_request_parameters: true,
    };
    let validator = house.gateway.create_request_validator(&api.id, validator).await.unwrap().id;
    let model = ModelDefinition {
        name: Some("Person".into()),
        content_type: Some("application/json".into()),
        schema: Some(
            json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}),
        ),
        ..ModelDefinition::default()
    };
    house.gateway.create_model(&api.id, model).await.unwrap();
    let method = MethodDefinition {
        request_validator_id: Some(validator),
        request_parameters: [
            ("method.request.querystring.page".into(), true),
            ("method.request.header.X-Need".into(), true),
            ("method.request.querystring.optional".into(), false),
        ]
        .into(),
        request_models: [("application/json".into(), "Person".into())].into(),
        ..proxy("POST", "echo")
    };
    api.put("/people", method).await;
    api.deploy().await;
    let post = |path: &str, body: &'static str| {
        api.send(Request::post(path).header("x-need", "1").body(Bytes::from(body)).unwrap())
    };
    assert_eq!(post("/people?page=1", r#"{"name":"Ada"}"#).await.status(), 200);
    let response = post("/people", r#"{"name":"Ada"}"#).await;
    assert_eq!(response.status(), 400);
    assert_eq!(text(&response), "{\"message\": \"Missing required request parameters: [page]\"}");
    let response = api.send(Request::post("/people?page=").body(Bytes::new()).unwrap()).await;
    assert_eq!(text(&response), "{\"message\": \"Missing required request parameters: [X-Need, page]\"}");
    for body in [r#"{"name":7}"#, "{}", "not json", ""] {
        let response = post("/people?page=1", body).await;
        assert_eq!(
            (response.status().as_u16(), text(&response)),
            (400, "{\"message\": \"Invalid request body\"}")
        );
        assert_eq!(header(&response, "x-amzn-errortype"), "BadRequestException");
    }
    assert_eq!(house.functions.calls_of("echo"), 1);
}
