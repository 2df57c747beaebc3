use serde_json::json;

use super::{House, summary};

const EXPORTER: &str = "Resources: {A: {Type: 'Test::Thing', Properties: {Fixed: x}}}\nOutputs: {O: {Value: !Ref A, Export: {Name: !Sub '${AWS::StackName}-a'}}}";
const IMPORTER: &str = "Resources: {B: {Type: 'Test::Thing', Properties: {Other: !ImportValue e-a}}}";

#[tokio::test]
async fn exports_are_imported_and_protected_while_they_are() {
    let house = House::new();
    let stacks = house.open().await;
    let error =
        stacks.ask("CreateStack", json!({"StackName": "i", "TemplateBody": IMPORTER})).await.unwrap_err();
    assert!(error.message.contains("No export named e-a found."), "{error}");
    stacks.perform("CreateStack", json!({"StackName": "e", "TemplateBody": EXPORTER})).await;
    let exports = stacks.ask("ListExports", json!({})).await.unwrap();
    assert_eq!(exports["Exports"][0]["Name"], "e-a");
    assert!(
        stacks
            .ask("ListImports", json!({"ExportName": "e-a"}))
            .await
            .unwrap_err()
            .message
            .contains("is not imported by any stack")
    );
    stacks.perform("CreateStack", json!({"StackName": "i", "TemplateBody": IMPORTER})).await;
    assert_eq!(house.world.by_logical_id()["B"], json!({"Other": "thing-1"}));
    assert_eq!(
        stacks.ask("ListImports", json!({"ExportName": "e-a"})).await.unwrap()["Imports"],
        json!(["i"])
    );

    stacks.perform("DeleteStack", json!({"StackName": "e"})).await;
    assert!(
        summary(&stacks.events("e").await)
            .ends_with("e DELETE_FAILED Export e-a cannot be deleted as it is in use by i")
    );
    stacks.perform("DeleteStack", json!({"StackName": "i"})).await;
    stacks.perform("DeleteStack", json!({"StackName": "e"})).await;
    assert!(house.world.things().is_empty());
    assert_eq!(stacks.ask("ListExports", json!({})).await.unwrap()["Exports"], json!([]));
}

#[tokio::test]
async fn an_export_in_use_keeps_its_value() {
    let house = House::new();
    let stacks = house.open().await;
    stacks.perform("CreateStack", json!({"StackName": "e", "TemplateBody": EXPORTER})).await;
    stacks.perform("CreateStack", json!({"StackName": "i", "TemplateBody": IMPORTER})).await;
    stacks
        .perform(
            "UpdateStack",
            json!({"StackName": "e", "TemplateBody": EXPORTER.replace("Fixed: x", "Fixed: y")}),
        )
        .await;
    let events = summary(&stacks.events("e").await);
    assert!(
        events.contains("e UPDATE_ROLLBACK_IN_PROGRESS Export e-a cannot be updated as it is in use by i"),
        "{events}"
    );
    assert!(events.ends_with("e UPDATE_ROLLBACK_COMPLETE"), "{events}");
    let things = house.world.by_logical_id();
    assert_eq!((things["A"]["Fixed"].clone(), things["B"]["Other"].clone()), (json!("x"), json!("thing-1")));
}

#[tokio::test]
async fn a_name_is_exported_once() {
    let house = House::new();
    let stacks = house.open().await;
    stacks.perform("CreateStack", json!({"StackName": "e", "TemplateBody": EXPORTER})).await;
    let other = EXPORTER.replace("!Sub '${AWS::StackName}-a'", "e-a");
    stacks.perform("CreateStack", json!({"StackName": "f", "TemplateBody": other})).await;
    let events = summary(&stacks.events("f").await);
    assert!(
        events.contains("Export with name e-a is already exported by stack e. Rollback requested by user."),
        "{events}"
    );
    assert!(events.ends_with("f ROLLBACK_COMPLETE"), "{events}");
}

#[tokio::test]
async fn an_import_given_up_sets_the_export_free() {
    let house = House::new();
    let stacks = house.open().await;
    stacks.perform("CreateStack", json!({"StackName": "e", "TemplateBody": EXPORTER})).await;
    stacks.perform("CreateStack", json!({"StackName": "i", "TemplateBody": IMPORTER})).await;
    stacks
        .perform(
            "UpdateStack",
            json!({"StackName": "i", "TemplateBody": "Resources: {B: {Type: 'Test::Thing'}}"}),
        )
        .await;
    stacks.perform("DeleteStack", json!({"StackName": "e"})).await;
    assert!(!house.world.by_logical_id().contains_key("A"));
    // A failed update that would have begun to import does not hold the export either.
    stacks.perform("CreateStack", json!({"StackName": "e", "TemplateBody": EXPORTER})).await;
    house.world.fail("update B");
    stacks.perform("UpdateStack", json!({"StackName": "i", "TemplateBody": IMPORTER})).await;
    house.world.heal();
    stacks.perform("ContinueUpdateRollback", json!({"StackName": "i"})).await;
    stacks.perform("DeleteStack", json!({"StackName": "e"})).await;
    assert!(!house.world.by_logical_id().contains_key("A"));
}
