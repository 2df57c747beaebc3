//! API keys and usage plans.

use bytes::Bytes;
use gateway::definitions::{
    ApiKeyDefinition, MethodDefinition, UsagePlanDefinition,
    access::{ApiStage, Throttle},
};
use http::Request;

use crate::house::{House, body_json, header, proxy, text};

#[tokio::test]
async fn a_key_in_a_plan_opens_the_plan_s_stages() {
    let house = House::open();
    let api = house.api().await;
    api.put("/", MethodDefinition { api_key_required: true, ..proxy("GET", "echo") }).await;
    api.deploy().await;
    let plan = UsagePlanDefinition {
        usage_plan_name: Some("slow".into()),
        api_stages: vec![ApiStage { api_id: api.id.clone(), stage: "dev".into() }],
        throttle: Some(Throttle { burst_limit: Some(2), rate_limit: Some(1.0) }),
        ..UsagePlanDefinition::default()
    };
    let gateway = &house.gateway;
    let plan = gateway.create_usage_plan(plan).await.unwrap();
    let enabled = ApiKeyDefinition { enabled: true, ..ApiKeyDefinition::default() };
    let key = gateway.create_api_key(enabled.clone()).await.unwrap();
    let stray = gateway.create_api_key(enabled.clone()).await.unwrap();
    let call = |value: Option<String>| {
        let request = Request::get("/");
        let request = match value {
            Some(value) => request.header("x-api-key", value),
            None => request,
        };
        api.send(request.body(Bytes::new()).unwrap())
    };
    for value in [None, Some("nonsense".to_owned()), Some(key.value.clone()), Some(stray.value.clone())] {
        let response = call(value).await;
        assert_eq!((response.status().as_u16(), text(&response)), (403, "{\"message\":\"Forbidden\"}"));
        assert_eq!(header(&response, "x-amzn-errortype"), "ForbiddenException");
    }
    gateway.create_usage_plan_key(&plan.id, &key.id).await.unwrap();
    let response = call(Some(key.value.clone())).await;
    assert_eq!(response.status(), 200);
    let event = body_json(&response);
    assert_eq!(event["requestContext"]["identity"]["apiKeyId"], key.id);
    assert_eq!(call(Some(key.value.clone())).await.status(), 200);
    // A change to another key does not fill this one's bucket again.
    gateway.delete_api_key(&stray.id).await.unwrap();
    assert_eq!(call(Some(key.value.clone())).await.status(), 429);
    house.clock.advance_seconds(5);
    assert_eq!(call(Some(key.value.clone())).await.status(), 200);
    gateway.update_api_key(&key.id, ApiKeyDefinition::default()).await.unwrap();
    assert_eq!(call(Some(key.value.clone())).await.status(), 403, "a disabled key");
    gateway.update_api_key(&key.id, enabled).await.unwrap();
    assert_eq!(call(Some(key.value.clone())).await.status(), 200);
    gateway.delete_api_key(&key.id).await.unwrap();
    assert_eq!(call(Some(key.value)).await.status(), 403, "a deleted key");
}
