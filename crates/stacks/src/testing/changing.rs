use serde_json::{Value, json};

use super::{House, summary};
use crate::Stacks;

const BEFORE: &str = "Resources:
  A: {Type: 'Test::Thing', Properties: {Size: 1, Fixed: x}}
  B: {Type: 'Test::Thing', Properties: {Other: !Ref A}}
  Gone: {Type: 'Test::Thing', DependsOn: B}
";
const AFTER: &str = "Resources:
  A: {Type: 'Test::Thing', Properties: {Size: 2, Fixed: y}}
  B: {Type: 'Test::Thing', Properties: {Other: !Ref A}}
  New: {Type: 'Test::Thing', Properties: {Other: !Ref B}}
";

async fn before(house: &House) -> Stacks {
    let stacks = house.open().await;
    stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": BEFORE})).await;
    stacks
}

async fn update(stacks: &Stacks, template: &str) -> Value {
    stacks.perform("UpdateStack", json!({"StackName": "s", "TemplateBody": template})).await
}

#[tokio::test]
async fn replaced_changed_added_and_removed() {
    let house = House::new();
    let stacks = before(&house).await;
    update(&stacks, AFTER).await;
    let things = house.world.by_logical_id();
    let a = house.world.things().into_iter().find(|(_, thing)| thing.logical_id == "A").unwrap().0;
    assert_eq!(things["A"], json!({"Size": 2, "Fixed": "y"}));
    assert_eq!(things["B"], json!({ "Other": a }));
    assert_eq!(things.keys().collect::<Vec<_>>(), ["A", "B", "New"]);
    let events = stacks.events("s").await;
    let from = events.iter().position(|event| event["ResourceStatus"] == "UPDATE_IN_PROGRESS").unwrap();
    insta::assert_snapshot!(summary(&events[from..]), @r"
    s UPDATE_IN_PROGRESS User Initiated
    A UPDATE_IN_PROGRESS Requested update requires the creation of a new physical resource; hence creating one.
    A UPDATE_IN_PROGRESS Resource creation Initiated
    A UPDATE_COMPLETE
    B UPDATE_IN_PROGRESS
    B UPDATE_COMPLETE
    New CREATE_IN_PROGRESS
    New CREATE_IN_PROGRESS Resource creation Initiated
    New CREATE_COMPLETE
    s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS
    A DELETE_IN_PROGRESS
    Gone DELETE_IN_PROGRESS
    Gone DELETE_COMPLETE
    A DELETE_COMPLETE
    s UPDATE_COMPLETE
    ");
    let resources = stacks.ask("ListStackResources", json!({"StackName": "s"})).await.unwrap();
    assert_eq!(resources["StackResourceSummaries"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn nothing_to_do_is_said() {
    let house = House::new();
    let stacks = before(&house).await;
    let error =
        stacks.ask("UpdateStack", json!({"StackName": "s", "TemplateBody": BEFORE})).await.unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("ValidationError", "No updates are to be performed.")
    );
    let error =
        stacks.ask("UpdateStack", json!({"StackName": "s", "UsePreviousTemplate": true})).await.unwrap_err();
    assert_eq!(error.message, "No updates are to be performed.");
}

#[tokio::test]
async fn a_failed_update_leaves_everything_as_it_was() {
    for failing in ["create New", "half-create New", "update B", "create A"] {
        let house = House::new();
        let stacks = before(&house).await;
        let was = house.world.things();
        house.world.fail(failing);
        update(&stacks, AFTER).await;
        // The rollback of B fails for the same reason as its update: only for that one it is healed and continued.
        if failing == "update B" {
            assert_eq!(stacks.status("s").await, "UPDATE_ROLLBACK_FAILED");
            house.world.heal();
            stacks.perform("ContinueUpdateRollback", json!({"StackName": "s"})).await;
        }
        assert_eq!(
            stacks.status("s").await,
            "UPDATE_ROLLBACK_COMPLETE",
            "{failing}: {}",
            summary(&stacks.events("s").await)
        );
        assert_eq!(house.world.things(), was, "{failing}");
        let events = summary(&stacks.events("s").await);
        let what = if failing.contains("New") { "create: [New]" } else { "update: [" };
        assert!(
            events.contains(&format!(
                "s UPDATE_ROLLBACK_IN_PROGRESS The following resource(s) failed to {what}"
            )),
            "{events}"
        );
        house.world.heal();
        update(&stacks, AFTER).await;
        assert_eq!(stacks.status("s").await, "UPDATE_COMPLETE");
    }
}

#[tokio::test]
async fn a_rollback_that_fails_can_skip() {
    let house = House::new();
    let stacks = before(&house).await;
    house.world.fail("update B");
    update(&stacks, AFTER).await;
    let skipping = json!({"StackName": "s", "ResourcesToSkip": ["B"]});
    stacks.perform("ContinueUpdateRollback", skipping).await;
    assert_eq!(stacks.status("s").await, "UPDATE_ROLLBACK_COMPLETE");
    house.world.heal();
    update(&stacks, AFTER).await;
    assert_eq!(stacks.status("s").await, "UPDATE_COMPLETE");
}

#[tokio::test]
async fn without_rollback_the_next_update_goes_on_and_its_way_back_is_the_first_ones() {
    let house = House::new();
    let stacks = before(&house).await;
    let was = house.world.things();
    house.world.fail("create New");
    stacks
        .perform("UpdateStack", json!({"StackName": "s", "TemplateBody": AFTER, "DisableRollback": true}))
        .await;
    assert_eq!(stacks.status("s").await, "UPDATE_FAILED");
    let further = AFTER.replace("Size: 2, Fixed: y", "Size: 3, Fixed: z");
    update(&stacks, &further).await;
    assert_eq!(stacks.status("s").await, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(house.world.things(), was);
    house.world.heal();
    update(&stacks, &further).await;
    assert_eq!(stacks.status("s").await, "UPDATE_COMPLETE");
    assert_eq!(house.world.by_logical_id()["A"], json!({"Size": 3, "Fixed": "z"}));
}

#[tokio::test]
async fn a_given_name_cannot_be_replaced_by_itself() {
    let house = House::new();
    let stacks = house.open().await;
    let template = "Resources: {A: {Type: 'Test::Named', Properties: {Name: fixed, Fixed: x}}}";
    stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": template})).await;
    let error = stacks
        .ask(
            "UpdateStack",
            json!({"StackName": "s", "TemplateBody": template.replace('x', "y").replace("fiyed", "fixed")}),
        )
        .await
        .unwrap_err();
    assert!(error.message.contains("CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename fixed and update the stack again."), "{error}");
}

#[tokio::test]
async fn tags_reach_the_resources_that_take_them() {
    let house = House::new();
    let stacks = house.open().await;
    let template = "Resources: {A: {Type: 'Test::Named'}, B: {Type: 'Test::Thing'}}";
    stacks
        .perform(
            "CreateStack",
            json!({"StackName": "s", "TemplateBody": template, "Tags": [{"Key": "k", "Value": "1"}]}),
        )
        .await;
    stacks
        .perform(
            "UpdateStack",
            json!({"StackName": "s", "UsePreviousTemplate": true, "Tags": [{"Key": "k", "Value": "2"}]}),
        )
        .await;
    let tagged: Vec<_> =
        house.world.things().into_values().map(|thing| thing.tags.get("k").cloned()).collect();
    assert!(tagged.contains(&Some("2".into())) && tagged.contains(&None));
}

#[tokio::test]
async fn policies_keep_what_they_name() {
    let house = House::new();
    let stacks = house.open().await;
    let template = "Resources: {A: {Type: 'Test::Thing', UpdateReplacePolicy: Retain, Properties: {Fixed: x}}, B: {Type: 'Test::Thing', DeletionPolicy: Retain}}";
    stacks.perform("CreateStack", json!({"StackName": "s", "TemplateBody": template})).await;
    update(&stacks, "Resources: {A: {Type: 'Test::Thing', Properties: {Fixed: y}}}").await;
    assert_eq!(house.world.things().len(), 3);
    let events = summary(&stacks.events("s").await);
    assert!(events.contains("A DELETE_SKIPPED") && events.contains("B DELETE_SKIPPED"), "{events}");
    assert_eq!(stacks.status("s").await, "UPDATE_COMPLETE");
}

#[tokio::test]
async fn an_update_can_be_cancelled() {
    let house = House::new();
    let stacks = before(&house).await;
    let was = house.world.things();
    stacks.ask("UpdateStack", json!({"StackName": "s", "TemplateBody": AFTER})).await.unwrap();
    stacks.perform("CancelUpdateStack", json!({"StackName": "s"})).await;
    assert_eq!(stacks.status("s").await, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(house.world.things(), was);
    let error = stacks.ask("CancelUpdateStack", json!({"StackName": "s"})).await.unwrap_err();
    assert_eq!(error.message, "CancelUpdateStack cannot be called from current stack status");
}

#[tokio::test]
async fn what_would_be_lost_is_refused_unless_named() {
    let house = House::new();
    let stacks = before(&house).await;
    house.world.hold("A", "3 users");
    let was = (house.world.things(), stacks.events("s").await.len());
    let error =
        stacks.ask("UpdateStack", json!({"StackName": "s", "TemplateBody": AFTER})).await.unwrap_err();
    assert!(error.message.contains("A (Test::Thing thing-1) would be replaced, because Fixed cannot be changed in place; 3 users would be lost. Nothing was changed."), "{error}");
    assert!(error.message.contains("poolhouse:replace-user-pool"), "{error}");
    // A renamed logical id is a replacement too.
    let renamed = BEFORE.replace("  A:", "  Renamed:").replace("Ref A", "Ref Renamed");
    let error =
        stacks.ask("UpdateStack", json!({"StackName": "s", "TemplateBody": renamed})).await.unwrap_err();
    assert!(error.message.contains("another of its type is new; 3 users would be lost"), "{error}");
    assert_eq!((house.world.things(), stacks.events("s").await.len()), was);
    let tags = json!([{"Key": "poolhouse:replace-user-pool", "Value": "A"}]);
    stacks.perform("UpdateStack", json!({"StackName": "s", "TemplateBody": AFTER, "Tags": tags})).await;
    assert_eq!(stacks.status("s").await, "UPDATE_COMPLETE");
    assert_eq!(house.world.by_logical_id()["A"]["Fixed"], "y");
    // The leave was for that one update: who says nothing of tags does not have it.
    house.world.hold("A", "2 users");
    let error =
        stacks.ask("UpdateStack", json!({"StackName": "s", "TemplateBody": BEFORE})).await.unwrap_err();
    assert!(error.message.contains("2 users would be lost"), "{error}");
}

#[tokio::test]
async fn two_at_once_is_one_too_many() {
    let house = House::new();
    let stacks = before(&house).await;
    house.world.fail("dawdle A");
    let first = stacks.ask("UpdateStack", json!({"StackName": "s", "TemplateBody": AFTER})).await;
    let second =
        stacks.ask("UpdateStack", json!({"StackName": "s", "TemplateBody": BEFORE})).await.unwrap_err();
    let deletion = stacks.ask("DeleteStack", json!({"StackName": "s"})).await.unwrap_err();
    let change_set = json!({"StackName": "s", "ChangeSetName": "c", "TemplateBody": AFTER});
    let third = stacks.ask("CreateChangeSet", change_set).await.unwrap_err();
    first.unwrap();
    assert!(second.message.ends_with("is in UPDATE_IN_PROGRESS state and can not be updated."), "{second}");
    assert!(deletion.message.ends_with("cannot be deleted while in status UPDATE_IN_PROGRESS"), "{deletion}");
    assert_eq!(third.message, second.message);
    stacks.idle().await;
    assert_eq!(stacks.status("s").await, "UPDATE_COMPLETE");
}
