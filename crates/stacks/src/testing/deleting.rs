use serde_json::json;

use super::{House, summary};

const TEMPLATE: &str = "Resources:
  A: {Type: 'Test::Thing'}
  B: {Type: 'Test::Thing', DependsOn: A}
  C: {Type: 'Test::Thing', DependsOn: B}
  D: {Type: 'Test::Thing'}
";

#[tokio::test]
async fn against_the_order_of_making() {
    let house = House::new();
    let stacks = house.open().await;
    let answer = stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": TEMPLATE})).await;
    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    let log = house.world.log();
    let at = |what: &str| log.iter().position(|line| line == what).unwrap();
    assert!(at("delete C") < at("delete B") && at("delete B") < at("delete A"), "{log:?}");
    assert!(house.world.things().is_empty());
    assert_eq!(stacks.status("s").await, "Stack with id s does not exist");
    let arn = answer["StackId"].as_str().unwrap();
    assert_eq!(stacks.status(arn).await, "DELETE_COMPLETE");
    assert!(summary(&stacks.events(arn).await).ends_with("s DELETE_COMPLETE"));
    let listed = stacks.ask("ListStacks", json!({"StackStatusFilter": ["DELETE_COMPLETE"]})).await.unwrap();
    assert_eq!(listed["StackSummaries"][0]["StackId"], arn);
    let resources = stacks.ask("DescribeStackResources", json!({"StackName": arn})).await.unwrap();
    assert_eq!(resources["StackResources"][0]["ResourceStatus"], "DELETE_COMPLETE");
    // Gone is gone: once more is no complaint, and the name is free.
    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": TEMPLATE})).await;
    assert_eq!(stacks.status("s").await, "CREATE_COMPLETE");
}

#[tokio::test]
async fn what_cannot_be_deleted_is_named_and_can_be_retained() {
    let house = House::new();
    let stacks = house.open().await;
    let answer = stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": TEMPLATE})).await;
    let arn = answer["StackId"].as_str().unwrap().to_owned();
    house.world.fail("delete B");
    let early =
        stacks.ask("DeleteStack", json!({"StackName": "s", "RetainResources": ["B"]})).await.unwrap_err();
    assert!(early.message.contains("DELETE_FAILED"), "{early}");
    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    let events = summary(&stacks.events("s").await);
    assert!(events.ends_with("s DELETE_FAILED The following resource(s) failed to delete: [B]."), "{events}");
    // What B needs waits for B; what has nothing to do with it is gone.
    assert_eq!(house.world.by_logical_id().keys().collect::<Vec<_>>(), ["A", "B"]);
    stacks.perform("DeleteStack", json!({"StackName": "s", "RetainResources": ["B"]})).await;
    assert_eq!(stacks.status(&arn).await, "DELETE_COMPLETE");
    assert_eq!(house.world.by_logical_id().keys().collect::<Vec<_>>(), ["B"]);
    assert!(summary(&stacks.events(&arn).await).contains("B DELETE_SKIPPED"));
}

#[tokio::test]
async fn force_leaves_behind_what_does_not_go() {
    let house = House::new();
    let stacks = house.open().await;
    let answer = stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": TEMPLATE})).await;
    house.world.fail("delete B");
    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    stacks.perform("DeleteStack", json!({"StackName": "s", "DeletionMode": "FORCE_DELETE_STACK"})).await;
    assert_eq!(stacks.status(answer["StackId"].as_str().unwrap()).await, "DELETE_COMPLETE");
    assert!(house.world.by_logical_id().contains_key("B"));
}

#[tokio::test]
async fn retained_by_policy_and_protected() {
    let house = House::new();
    let stacks = house.open().await;
    let template =
        TEMPLATE.replace("  D: {Type: 'Test::Thing'}", "  D: {Type: 'Test::Thing', DeletionPolicy: Retain}");
    let input = json!({"StackName": "s", "TemplateBody": template, "EnableTerminationProtection": true});
    stacks.perform("CreateStack", input).await;
    let error = stacks.ask("DeleteStack", json!({"StackName": "s"})).await.unwrap_err();
    assert_eq!(error.message, "Stack [s] cannot be deleted while TerminationProtection is enabled");
    stacks
        .ask("UpdateTerminationProtection", json!({"StackName": "s", "EnableTerminationProtection": false}))
        .await
        .unwrap();
    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    assert_eq!(house.world.by_logical_id().keys().collect::<Vec<_>>(), ["D"]);
}
