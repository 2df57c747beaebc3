//! A deployment is a snapshot, and a stage serves the one it points to.

use gateway::definitions::StageDefinition;

use crate::house::{House, body_json, proxy, text};

fn stage(name: &str, deployment_id: &str) -> StageDefinition {
    StageDefinition {
        stage_name: name.into(),
        deployment_id: deployment_id.into(),
        ..StageDefinition::default()
    }
}

#[tokio::test]
async fn nothing_changes_before_it_is_deployed() {
    let house = House::open();
    let gateway = &house.gateway;
    let api = house.api().await;
    api.put("/a", proxy("GET", "one")).await;
    api.deploy().await;
    let first = gateway.get_stage(&api.id, "dev").await.unwrap().definition.deployment_id;
    assert_eq!(api.get("/a").await.status(), 200);
    api.put("/a", proxy("GET", "two")).await;
    api.put("/b", proxy("GET", "two")).await;
    assert_eq!(api.get("/a").await.status(), 200);
    assert_eq!(api.get("/b").await.status(), 403);
    assert_eq!((house.functions.calls_of("one"), house.functions.calls_of("two")), (2, 0));

    api.deploy().await;
    assert_eq!(api.get("/b").await.status(), 200);
    let second = gateway.get_stage(&api.id, "dev").await.unwrap().definition.deployment_id;
    assert_ne!(first, second);

    let refused = gateway.delete_deployment(&api.id, &second).await.unwrap_err();
    assert_eq!(refused.message, "Active stages pointing to this deployment must be moved or deleted");
    gateway.update_stage(&api.id, stage("dev", &first)).await.unwrap();
    assert_eq!(api.get("/b").await.status(), 403);
    gateway.delete_deployment(&api.id, &second).await.unwrap();

    gateway.delete_stage(&api.id, "dev").await.unwrap();
    assert_eq!(text(&api.get("/a").await), "{\"message\":\"Forbidden\"}");
}

#[tokio::test]
async fn a_deployment_that_moves_a_stage_leaves_its_settings() {
    let house = House::open();
    let api = house.api().await;
    api.put("/", proxy("GET", "echo")).await;
    let variables = [(String::from("color"), String::from("blue"))].into();
    api.deploy_as(StageDefinition { variables, ..stage("dev", "") }).await;
    api.deploy().await;
    assert_eq!(body_json(&api.get("/").await)["stageVariables"]["color"], "blue");
}

#[tokio::test]
async fn a_function_may_be_named_by_a_stage_variable() {
    let house = House::open();
    let api = house.api().await;
    api.put("/", proxy("GET", "${stageVariables.fn}")).await;
    let variables = [(String::from("fn"), String::from("chosen"))].into();
    api.deploy_as(StageDefinition { variables, ..stage("dev", "") }).await;
    assert_eq!(api.get("/").await.status(), 200);
    assert_eq!(house.functions.calls_of("chosen"), 1);
    let id = house.gateway.get_stage(&api.id, "dev").await.unwrap().definition.deployment_id;
    house.gateway.update_stage(&api.id, stage("dev", &id)).await.unwrap();
    assert_eq!(api.get("/").await.status(), 500, "the variable is gone");
}

/// Requests and deployments at once: whoever asks after a deployment was answered gets it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_is_seen_as_soon_as_it_is_answered() {
    let house = House::open();
    let api = house.api().await;
    api.put("/", proxy("GET", "v0")).await;
    api.deploy().await;
    for version in 1..30 {
        let name = format!("v{version}");
        api.put("/", proxy("GET", &name)).await;
        let (_, _) = tokio::join!(api.deploy(), async {
            for _ in 0..5 {
                assert_eq!(api.get("/").await.status(), 200);
            }
        });
        let before = house.functions.calls_of(&name);
        assert_eq!(api.get("/").await.status(), 200);
        assert_eq!(house.functions.calls_of(&name), before + 1);
    }
}

#[tokio::test]
async fn an_api_goes_with_all_it_has() {
    let house = House::open();
    let api = house.api().await;
    api.put("/a/b", proxy("GET", "echo")).await;
    api.deploy().await;
    assert_eq!(api.get("/a/b").await.status(), 200);
    house.gateway.delete_rest_api(&api.id).await.unwrap();
    assert_eq!(api.get("/a/b").await.status(), 403);
    assert!(house.gateway.resources(&api.id).await.unwrap().is_empty());
    assert!(house.gateway.deployments(&api.id).await.unwrap().is_empty());
    assert!(house.gateway.methods(&api.id).await.unwrap().is_empty());
    assert_eq!(house.gateway.get_rest_api(&api.id).await.unwrap_err().code, "NotFoundException");
    assert!(house.gateway.metrics().is_empty());
}
