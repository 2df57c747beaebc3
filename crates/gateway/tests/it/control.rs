//! What the control side refuses, in AWS's words.

use gateway::definitions::{
    AuthorizerDefinition, EndpointConfiguration, IntegrationDefinition, IntegrationKind, MethodDefinition,
    ModelDefinition, RestApiDefinition, StageDefinition,
};
use serde_json::json;

use crate::house::{House, POOL, guarded, pool_arn, proxy};

#[tokio::test]
async fn resources_have_their_places() {
    let house = House::open();
    let api = house.api().await;
    let gateway = &house.gateway;
    let users = api.resource("/users").await;
    api.resource("/users/{id}").await;
    let rest = api.resource("/files/{path+}").await;
    let root = gateway.get_rest_api(&api.id).await.unwrap().root_resource_id;
    for (parent, part, code, words) in [
        (&root, "users", "ConflictException", "already has this name"),
        (
            &users,
            "{other}",
            "BadRequestException",
            "A sibling ({id}) of this resource already has a variable path part",
        ),
        (&users, "a/b", "BadRequestException", "path part only allow"),
        (&users, "..", "BadRequestException", "path part only allow"),
        (&users, "", "BadRequestException", "path part only allow"),
        (&users, "{}", "BadRequestException", "path part only allow"),
        (&users, "{a", "BadRequestException", "path part only allow"),
        (&rest, "more", "BadRequestException", "greedy"),
        (&String::from("nosuch"), "x", "NotFoundException", "Invalid Resource identifier specified"),
    ] {
        let error = gateway.create_resource(&api.id, parent, part).await.unwrap_err();
        assert_eq!(error.code, code, "{part}: {error}");
        assert!(error.message.contains(words), "{part}: {error}");
    }
    let error = gateway.create_resource("nosuchapi0", &root, "x").await.unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (404, "NotFoundException"));
    assert!(gateway.delete_resource(&api.id, &root).await.is_err());

    api.put("/users/{id}", proxy("GET", "echo")).await;
    gateway.delete_resource(&api.id, &users).await.unwrap();
    assert!(gateway.methods(&api.id).await.unwrap().is_empty());
    assert!(gateway.create_resource(&api.id, &root, "users").await.is_ok(), "the place is free again");
}

#[tokio::test]
async fn methods_name_what_is_there() {
    let house = House::open();
    let api = house.api().await;
    let gateway = &house.gateway;
    let root = api.resource("/").await;
    let authorizer = api.pool_authorizer(&[POOL]).await;
    let with = |change: fn(&mut MethodDefinition)| {
        let mut method = proxy("GET", "echo");
        change(&mut method);
        method
    };
    let mut wrong_kind = guarded("GET", "echo", &authorizer);
    wrong_kind.authorization_type = Some("CUSTOM".into());
    for (why, method, words) in [
        ("no such authorizer", guarded("GET", "echo", "nosuch"), "Invalid authorizer ID specified"),
        ("an authorizer of another kind", wrong_kind, "Invalid authorizer ID specified"),
        ("a verb", with(|method| method.http_method = "FETCH".into()), "Invalid HTTP method specified"),
        (
            "a type",
            with(|method| method.authorization_type = Some("JWT".into())),
            "Invalid authorization type",
        ),
        ("scopes", with(|method| method.authorization_scopes = vec!["a".into()]), "Authorization scopes"),
        ("a validator", with(|method| method.request_validator_id = Some("x".into())), "Request Validator"),
        (
            "a model",
            with(|method| method.request_models = [("a/b".into(), "X".into())].into()),
            "Invalid model identifier",
        ),
        (
            "a parameter",
            with(|method| method.request_parameters = [("q".into(), true)].into()),
            "Invalid mapping expression",
        ),
        (
            "a URI",
            with(|method| method.integration.as_mut().unwrap().uri = Some("http://x".into())),
            "Invalid ARN",
        ),
        (
            "a timeout",
            with(|method| method.integration.as_mut().unwrap().timeout_in_millis = Some(29_001)),
            "Timeout",
        ),
        (
            "HTTP",
            with(|method| method.integration.as_mut().unwrap().kind = IntegrationKind::HttpProxy),
            "not supported",
        ),
        (
            "a template",
            with(|method| {
                method.integration = Some(IntegrationDefinition {
                    request_templates: [("application/json".into(), "\n#if(".into())].into(),
                    ..IntegrationDefinition::default()
                });
            }),
            "line 2",
        ),
    ] {
        let error = gateway.put_method(&api.id, &root, method).await.unwrap_err();
        assert_eq!(error.code, "BadRequestException", "{why}");
        assert!(error.message.contains(words), "{why}: {error}");
    }
    api.put("/", guarded("GET", "echo", &authorizer)).await;
    let error = gateway.delete_authorizer(&api.id, &authorizer).await.unwrap_err();
    assert!(error.message.contains("is referenced in method"), "{error}");
    gateway.delete_method(&api.id, &root, "GET").await.unwrap();
    gateway.delete_authorizer(&api.id, &authorizer).await.unwrap();
    let error = gateway.create_deployment(&api.id, None, None).await.unwrap_err();
    assert_eq!(error.message, "The REST API doesn't contain any methods");
}

#[tokio::test]
async fn what_is_not_supported_says_so() {
    let house = House::open();
    let gateway = &house.gateway;
    let named = || RestApiDefinition { name: "x".into(), ..RestApiDefinition::default() };
    let private = EndpointConfiguration { types: vec!["PRIVATE".into()], ..EndpointConfiguration::default() };
    for definition in [
        RestApiDefinition { body: Some(json!({"swagger": "2.0"})), ..named() },
        RestApiDefinition { clone_from: Some("y".into()), ..named() },
        RestApiDefinition { endpoint_configuration: Some(private), ..named() },
    ] {
        let error = gateway.create_rest_api(definition).await.unwrap_err();
        assert!(error.message.contains("not supported"), "{error}");
    }
    assert!(gateway.create_rest_api(RestApiDefinition::default()).await.is_err());
    let api = house.api().await;
    let cached =
        StageDefinition { stage_name: "x".into(), cache_cluster_enabled: true, ..StageDefinition::default() };
    api.put("/", proxy("GET", "echo")).await;
    let error = gateway.create_deployment(&api.id, None, Some(cached)).await.unwrap_err();
    assert!(error.message.contains("not supported"), "{error}");
    let dotted = StageDefinition { stage_name: "a.b".into(), ..StageDefinition::default() };
    assert!(gateway.create_deployment(&api.id, None, Some(dotted)).await.is_err());
    let twice = AuthorizerDefinition {
        name: "same".into(),
        provider_arns: vec![pool_arn(POOL)],
        ..AuthorizerDefinition::default()
    };
    gateway.create_authorizer(&api.id, twice.clone()).await.unwrap();
    assert_eq!(gateway.create_authorizer(&api.id, twice).await.unwrap_err().code, "ConflictException");
    let broken = ModelDefinition {
        name: Some("M".into()),
        schema: Some(json!({"type": "x"})),
        ..ModelDefinition::default()
    };
    assert!(gateway.create_model(&api.id, broken).await.is_err());
}

/// CloudFormation sends numbers and booleans as text, and policies as text or documents.
#[test]
fn definitions_are_read_as_cloudformation_writes_them() {
    let method: MethodDefinition = serde_json::from_value(json!({
        "HttpMethod": "GET", "ApiKeyRequired": "true", "AuthorizationType": "COGNITO_USER_POOLS",
        "RequestParameters": {"method.request.querystring.a": "true"},
        "Integration": {"Type": "AWS_PROXY", "TimeoutInMillis": "5000", "IntegrationHttpMethod": "POST",
            "IntegrationResponses": [{"StatusCode": 200}]},
        "MethodResponses": [{"StatusCode": 200, "ResponseParameters": {"method.response.header.A": true}}],
        "RestApiId": "ignored"
    }))
    .unwrap();
    assert!(method.api_key_required);
    assert_eq!(method.integration.as_ref().unwrap().timeout_in_millis, Some(5000));
    assert_eq!(method.method_responses[0].status_code, "200");
    let api: RestApiDefinition = serde_json::from_value(json!({
        "Name": "x", "MinimumCompressionSize": "1024", "Policy": "{\"Statement\":[]}"
    }))
    .unwrap();
    assert_eq!((api.minimum_compression_size, api.policy), (Some(1024), Some(json!({"Statement": []}))));
    let stored: MethodDefinition = serde_json::from_value(serde_json::to_value(&method).unwrap()).unwrap();
    assert_eq!(stored, method);
}
