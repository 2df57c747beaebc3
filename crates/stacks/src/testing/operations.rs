use serde_json::json;
use store::Query;

use super::House;
use crate::rows::{ResourceRow, StackRow};

const TEMPLATE: &str = "Description: d
Parameters:
  Size: {Type: Number, Default: 1}
  Password: {Type: String, NoEcho: true, Default: swordfish}
Resources:
  A: {Type: 'Test::Thing', Metadata: {m: 1}, Properties: {Size: !Ref Size, Other: !Sub 'x${Password}'}}
";

#[tokio::test]
async fn secrets_are_neither_shown_nor_stored_in_the_clear() {
    let house = House::new();
    let stacks = house.open().await;
    let template = TEMPLATE.replace("swordfish", "none-yet")
        + "  B: {Type: 'Test::Thing', Properties: {Other: !GetAtt A.Secret}}\n";
    let parameters = json!([{"ParameterKey": "Password", "ParameterValue": "swordfish"}]);
    stacks
        .perform("CreateStack", json!({"StackName": "s", "TemplateBody": template, "Parameters": parameters}))
        .await;
    assert_eq!(house.world.by_logical_id()["A"]["Other"], "xswordfish");
    assert_eq!(house.world.by_logical_id()["B"]["Other"], "hush-hush");
    let home = "000000000000/us-east-1";
    let rows = house.store.query_all(Query::<ResourceRow>::in_partition(home)).await.unwrap();
    let stack = house.store.query_all(Query::<StackRow>::in_partition(home)).await.unwrap();
    let stored = serde_json::to_string(&rows.iter().map(|row| &row.value).collect::<Vec<_>>()).unwrap()
        + &serde_json::to_string(&stack[0].value).unwrap();
    let events = stacks.events("s").await;
    let shown = format!(
        "{stored}{}{}",
        json!(events),
        stacks.ask("DescribeStacks", json!({"StackName": "s"})).await.unwrap()
    );
    assert!(!shown.contains("swordfish") && !shown.contains("hush-hush"), "{shown}");
    assert!(shown.contains("****"));
    // Kept all the same.
    let keep = json!([{"ParameterKey": "Password", "UsePreviousValue": true}, {"ParameterKey": "Size", "ParameterValue": "2"}]);
    stacks
        .perform("UpdateStack", json!({"StackName": "s", "UsePreviousTemplate": true, "Parameters": keep}))
        .await;
    assert_eq!(house.world.by_logical_id()["A"], json!({"Size": 2, "Other": "xswordfish"}));
}

#[tokio::test]
async fn a_change_set_is_looked_at_and_carried_out() {
    let house = House::new();
    let stacks = house.open().await;
    let create =
        json!({"StackName": "s", "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": TEMPLATE});
    let answer = stacks.ask("CreateChangeSet", create.clone()).await.unwrap();
    assert_eq!(stacks.status("s").await, "REVIEW_IN_PROGRESS");
    assert_eq!(stacks.ask("CreateChangeSet", create).await.unwrap_err().code, "AlreadyExistsException");
    let seen = stacks.ask("DescribeChangeSet", json!({"ChangeSetName": answer["Id"]})).await.unwrap();
    assert_eq!(
        (seen["Status"].as_str(), seen["ExecutionStatus"].as_str()),
        (Some("CREATE_COMPLETE"), Some("AVAILABLE"))
    );
    assert_eq!(seen["Changes"][0]["ResourceChange"]["Action"], "Add");
    assert!(house.world.things().is_empty());
    stacks.perform("ExecuteChangeSet", json!({"ChangeSetName": "c", "StackName": "s"})).await;
    assert_eq!(stacks.status("s").await, "CREATE_COMPLETE");
    assert_eq!(house.world.by_logical_id()["A"], json!({"Size": 1, "Other": "xswordfish"}));

    let same = json!({"StackName": "s", "ChangeSetName": "same", "TemplateBody": TEMPLATE});
    stacks.ask("CreateChangeSet", same).await.unwrap();
    let seen =
        stacks.ask("DescribeChangeSet", json!({"ChangeSetName": "same", "StackName": "s"})).await.unwrap();
    assert_eq!(seen["Status"], "FAILED");
    assert_eq!(
        seen["StatusReason"],
        "The submitted information didn't contain changes. Submit different information to create a change set."
    );
    let error =
        stacks.ask("ExecuteChangeSet", json!({"ChangeSetName": "same", "StackName": "s"})).await.unwrap_err();
    assert_eq!(error.code, "InvalidChangeSetStatus");
    stacks.ask("DeleteChangeSet", json!({"ChangeSetName": "same", "StackName": "s"})).await.unwrap();

    let change = TEMPLATE.replace("Default: 1", "Default: 7");
    stacks
        .ask("CreateChangeSet", json!({"StackName": "s", "ChangeSetName": "d", "TemplateBody": change}))
        .await
        .unwrap();
    let seen =
        stacks.ask("DescribeChangeSet", json!({"ChangeSetName": "d", "StackName": "s"})).await.unwrap();
    assert_eq!(
        seen["Changes"][0]["ResourceChange"],
        json!({"Action": "Modify", "LogicalResourceId": "A", "PhysicalResourceId": "thing-1", "ResourceType": "Test::Thing",
            "Replacement": "False", "Scope": ["Properties"], "Details": [{"Target": {"Attribute": "Properties", "Name": "Size",
            "RequiresRecreation": "Never"}, "Evaluation": "Static", "ChangeSource": "DirectModification"}]})
    );
    stacks.perform("ExecuteChangeSet", json!({"ChangeSetName": "d", "StackName": "s"})).await;
    assert_eq!(house.world.by_logical_id()["A"]["Size"], 7);
    assert_eq!(
        stacks
            .ask("DescribeChangeSet", json!({"ChangeSetName": "nope", "StackName": "s"}))
            .await
            .unwrap_err()
            .code,
        "ChangeSetNotFound"
    );
}

#[tokio::test]
async fn what_is_told_of_a_stack() {
    let house = House::new();
    let stacks = house.open().await;
    let answer = stacks
        .perform(
            "CreateStack",
            json!({"StackName": "s", "TemplateBody": TEMPLATE, "ClientRequestToken": "t"}),
        )
        .await;
    assert_eq!(stacks.ask("GetTemplate", json!({"StackName": "s"})).await.unwrap()["TemplateBody"], TEMPLATE);
    let detail = stacks
        .ask("DescribeStackResource", json!({"StackName": "s", "LogicalResourceId": "A"}))
        .await
        .unwrap();
    assert_eq!(detail["StackResourceDetail"]["PhysicalResourceId"], "thing-1");
    assert_eq!(detail["StackResourceDetail"]["Metadata"], "{\"m\":1}");
    let error = stacks
        .ask("DescribeStackResource", json!({"StackName": "s", "LogicalResourceId": "Z"}))
        .await
        .unwrap_err();
    assert_eq!(error.message, "Resource Z does not exist for stack s");
    let by_id = stacks.ask("DescribeStackResources", json!({"PhysicalResourceId": "thing-1"})).await.unwrap();
    assert_eq!(by_id["StackResources"][0]["StackId"], answer["StackId"]);
    let summary = stacks.ask("GetTemplateSummary", json!({"StackName": "s"})).await.unwrap();
    assert_eq!(summary["ResourceTypes"], json!(["Test::Thing"]));
    assert_eq!(summary["Parameters"][1]["NoEcho"], true);
    // The same call with the same token is the same call.
    let again = json!({"StackName": "s", "TemplateBody": TEMPLATE, "ClientRequestToken": "t"});
    assert_eq!(stacks.ask("CreateStack", again).await.unwrap()["StackId"], answer["StackId"]);
    let other =
        stacks.ask("CreateStack", json!({"StackName": "s", "TemplateBody": TEMPLATE})).await.unwrap_err();
    assert_eq!(
        (other.code.as_str(), other.message.as_str()),
        ("AlreadyExistsException", "Stack [s] already exists")
    );
    let policy = r#"{"Statement":[{"Effect":"Deny","Action":"Update:*","Principal":"*","Resource":"*"}]}"#;
    let malformed = json!({"StackName": "s", "StackPolicyBody": "{\"Statement\":[]}"});
    assert!(stacks.ask("SetStackPolicy", malformed).await.is_err());
    stacks.ask("SetStackPolicy", json!({"StackName": "s", "StackPolicyBody": policy})).await.unwrap();
    assert_eq!(
        stacks.ask("GetStackPolicy", json!({"StackName": "s"})).await.unwrap()["StackPolicyBody"],
        policy
    );
    let change = json!({"StackName": "s", "TemplateBody": TEMPLATE.replace("Default: 1", "Default: 2")});
    let denied = stacks.ask("UpdateStack", change).await.unwrap_err();
    assert!(denied.message.starts_with("Action denied by stack policy"), "{denied}");
    for (operation, input, message) in [
        ("DescribeStackEvents", json!({"StackName": "x"}), "Stack [x] does not exist"),
        ("UpdateStack", json!({"StackName": "x", "TemplateBody": TEMPLATE}), "Stack [x] does not exist"),
        ("ListStackResources", json!({"StackName": "x"}), "Stack with id x does not exist"),
        ("GetTemplate", json!({"StackName": "x"}), "Stack with id x does not exist"),
    ] {
        assert_eq!(stacks.ask(operation, input).await.unwrap_err().message, message);
    }
    assert_eq!(
        stacks.ask("DetectStackDrift", json!({"StackName": "s"})).await.unwrap_err().code,
        "NotImplemented"
    );
}

#[tokio::test]
async fn a_template_comes_from_a_bucket() {
    let house = House::new();
    let stacks = house.open().await;
    stacks
        .perform(
            "CreateStack",
            json!({"StackName": "s", "TemplateURL": "https://s3.amazonaws.com/bucket/t.yml"}),
        )
        .await;
    assert_eq!(stacks.status("s").await, "CREATE_COMPLETE");
    let error = stacks
        .ask(
            "CreateStack",
            json!({"StackName": "t", "TemplateURL": "https://s3.amazonaws.com/bucket/no.yml"}),
        )
        .await
        .unwrap_err();
    assert!(error.message.starts_with("S3 error:"), "{error}");
    let nobody = base::Caller {
        identity: base::Identity::Principal {
            account: "0".into(),
            arn: "arn:aws:iam::0:user/nobody".into(),
            user_id: "n".into(),
        },
        ..super::house::caller()
    };
    let input = json!({"StackName": "t", "TemplateURL": "https://s3.amazonaws.com/bucket/t.yml"});
    assert_eq!(
        stacks.call("CreateStack", &nobody, input).await.unwrap_err().message,
        "S3 error: Access Denied"
    );
    let input = json!({"StackName": "t", "TemplateBody": "Resources: {A: {Type: 'Test::Thing'}}", "RoleARN": "arn:aws:iam::0:role/r-is-long-enough"});
    assert_eq!(stacks.call("CreateStack", &nobody, input).await.unwrap_err().code, "AccessDenied");
}
