use serde_json::json;

use super::{House, summary};

const CHAIN: &str = "Resources:
  A: {Type: 'Test::Thing', Properties: {Size: '3'}}
  B: {Type: 'Test::Named', Properties: {Other: !GetAtt A.Arn}}
  C: {Type: 'Test::Thing', Properties: {Other: [!Ref B, !Sub '${A}-${AWS::StackName}']}}
Outputs:
  Name: {Value: !Ref B, Description: d}
";

#[tokio::test]
async fn resources_come_in_order_with_what_they_refer_to() {
    let house = House::new();
    let stacks = house.open().await;
    let answer = stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": CHAIN})).await;
    assert!(
        answer["StackId"]
            .as_str()
            .unwrap()
            .starts_with("arn:aws:cloudformation:us-east-1:000000000000:stack/s/")
    );
    assert_eq!(house.world.log(), ["create A", "create B", "create C"]);
    let things = house.world.by_logical_id();
    assert_eq!(things["A"], json!({"Size": 3}));
    assert_eq!(things["B"], json!({"Other": "arn:thing-1"}));
    let name = house.world.things().into_iter().find(|(_, thing)| thing.logical_id == "B").unwrap().0;
    assert!(name.starts_with("s-b-") && name.len() == "s-b-".len() + 13, "{name}");
    assert_eq!(things["C"], json!({"Other": [name, "thing-1-s"]}));
    let stack = &stacks.ask("DescribeStacks", json!({"StackName": "s"})).await.unwrap()["Stacks"][0];
    assert_eq!(stack["Outputs"], json!([{"OutputKey": "Name", "OutputValue": name, "Description": "d"}]));
    insta::assert_snapshot!(summary(&stacks.events("s").await), @r"
    s CREATE_IN_PROGRESS User Initiated
    A CREATE_IN_PROGRESS
    A CREATE_IN_PROGRESS Resource creation Initiated
    A CREATE_COMPLETE
    B CREATE_IN_PROGRESS
    B CREATE_IN_PROGRESS Resource creation Initiated
    B CREATE_COMPLETE
    C CREATE_IN_PROGRESS
    C CREATE_IN_PROGRESS Resource creation Initiated
    C CREATE_COMPLETE
    s CREATE_COMPLETE
    ");
}

#[tokio::test]
async fn a_failure_rolls_back_in_aws_words() {
    let house = House::new();
    let stacks = house.open().await;
    house.world.fail("create C");
    stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": CHAIN})).await;
    assert!(house.world.things().is_empty());
    let events = summary(&stacks.events("s").await);
    assert!(events.contains("C CREATE_FAILED Resource handler returned message: \"create refused (Service: Test, Status Code: 400"), "{events}");
    assert!(events.contains("s ROLLBACK_IN_PROGRESS The following resource(s) failed to create: [C]. Rollback requested by user.\nB DELETE_IN_PROGRESS\nB DELETE_COMPLETE\nA DELETE_IN_PROGRESS\nA DELETE_COMPLETE\ns ROLLBACK_COMPLETE"), "{events}");
}

#[tokio::test]
async fn what_was_half_made_is_deleted_too() {
    let house = House::new();
    let stacks = house.open().await;
    house.world.fail("half-create B");
    stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": CHAIN})).await;
    assert_eq!(stacks.status("s").await, "ROLLBACK_COMPLETE");
    assert!(house.world.things().is_empty());
}

#[tokio::test]
async fn others_are_cancelled() {
    let house = House::new();
    let stacks = house.open().await;
    house.world.fail("create A");
    house.world.fail("dawdle B");
    let template = "Resources: {A: {Type: 'Test::Thing'}, B: {Type: 'Test::Thing'}, C: {Type: 'Test::Thing', DependsOn: B}}";
    stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": template})).await;
    let events = summary(&stacks.events("s").await);
    assert!(events.contains("B CREATE_FAILED Resource creation cancelled"), "{events}");
    assert!(!events.contains("C CREATE"), "{events}");
    assert!(events.contains("failed to create: [A, B]."), "{events}");
    assert!(house.world.things().is_empty());
}

#[tokio::test]
async fn failure_can_leave_or_delete() {
    let house = House::new();
    let stacks = house.open().await;
    house.world.fail("create C");
    stacks
        .perform("CreateStack", json!({"StackName": "s", "TemplateBody": CHAIN, "DisableRollback": true}))
        .await;
    assert_eq!(stacks.status("s").await, "CREATE_FAILED");
    assert_eq!(house.world.things().len(), 2);
    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    assert!(house.world.things().is_empty());
    let answer = stacks
        .perform("CreateStack", json!({"StackName": "s", "TemplateBody": CHAIN, "OnFailure": "DELETE"}))
        .await;
    assert_eq!(stacks.status(answer["StackId"].as_str().unwrap()).await, "DELETE_COMPLETE");
    assert_eq!(stacks.status("s").await, "Stack with id s does not exist");
}

#[tokio::test]
async fn a_deletion_in_the_middle_of_creation_is_heard() {
    let house = House::new();
    let stacks = house.open().await;
    let answer = stacks.ask("CreateStack", json!({"StackName": "s", "TemplateBody": CHAIN})).await.unwrap();
    stacks.perform("DeleteStack", json!({"StackName": "s"})).await;
    assert_eq!(stacks.status(answer["StackId"].as_str().unwrap()).await, "DELETE_COMPLETE");
    assert!(house.world.things().is_empty());
}

#[tokio::test]
async fn a_timeout_rolls_back() {
    let house = House::new();
    let stacks = house.open().await;
    let input = json!({"StackName": "s", "TemplateBody": CHAIN, "TimeoutInMinutes": 1});
    stacks.ask("CreateStack", input).await.unwrap();
    house.pass(60_000);
    stacks.idle().await;
    assert_eq!(stacks.status("s").await, "ROLLBACK_COMPLETE");
    assert!(
        summary(&stacks.events("s").await)
            .contains("Stack creation time exceeded the specified timeout. Rollback requested by user.")
    );
}
