use serde_json::json;

use super::House;

#[tokio::test]
async fn everything_wrong_is_said_at_once_with_its_place_and_nothing_is_touched() {
    let house = House::new();
    let stacks = house.open().await;
    let template = "Resources:
  A:
    Type: AWS::DynamoDB::Table
  B:
    Type: Test::Thing
    Properties:
      Sise: 3
      Size: many
      Other: !Ref Nowhere
      List: [!GetAtt C.Nope, !Join [x]]
      Nested: {Inner: maybe}
  C:
    Type: Test::Thing
    DependsOn: [D, Nobody]
    Condition: Unheard
  D:
    Type: Test::Thign
    Properties: {Other: !Ref E}
  E:
    Type: Test::Thing
    Properties: {Other: !Ref D}
Outputs:
  O: {Value: !GetAtt Missing.Arn}
";
    let error =
        stacks.ask("CreateStack", json!({"StackName": "s", "TemplateBody": template})).await.unwrap_err();
    insta::assert_snapshot!(error.message, @r"
    Template format error: 12 problems
      line 3, column 11: Unrecognized resource types: [AWS::DynamoDB::Table]
      line 7, column 7: Properties validation failed for resource B with message: #: extraneous key [Sise] is not permitted
      line 8, column 7: Properties validation failed for resource B with message: #/Size: expected type: Integer, found: String
      line 9, column 14: Unresolved resource dependencies [Nowhere] in the Resources block of the template
      line 10, column 14: Template error: resource C does not support attribute type Nope in Fn::GetAtt
      line 10, column 30: Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.
      line 11, column 16: Properties validation failed for resource B with message: #/Nested/Inner: expected type: Boolean, found: String
      line 14, column 20: Unresolved resource dependencies [Nobody] in the Resources block of the template
      line 15, column 16: Unresolved condition dependency Unheard in the Resources block of the template
      line 16, column 3: Circular dependency between resources: [D, E]: D → E → D
      line 17, column 11: Unrecognized resource types: [Test::Thign]
      line 23, column 14: Template error: instance of Fn::GetAtt references undefined resource Missing
    ");
    assert_eq!(stacks.status("s").await, "Stack with id s does not exist");
}

#[tokio::test]
async fn one_problem_reads_as_aws_words_it() {
    let house = House::new();
    let stacks = house.open().await;
    for (template, message) in [
        (
            "Resources: {A: {Type: 'Test::Thing', Properties: {Other: !Ref B}}}",
            "Template format error: Unresolved resource dependencies [B] in the Resources block of the template (line 1, column 58)",
        ),
        (
            "{\"Resources\": {",
            "Template format error: JSON not well-formed. a key in quotes is missing (line 1, column 16)",
        ),
        ("Resources:\n\tA: 1", "Template format error: YAML not well-formed."),
        (
            "Resources: {}",
            "Template format error: At least one Resources member must be defined. (line 1, column 1)",
        ),
        (
            "Resources: {A: {Type: 'AWS::Nope::Nope'}}",
            "Template format error: Unrecognized resource types: [AWS::Nope::Nope] (line 1, column 23)",
        ),
        (
            "Resources: {A: {Type: 'Test::Thing', DependsOn: B}, B: {Type: 'Test::Thing', DependsOn: A}}",
            "Template format error: Circular dependency between resources: [A, B]: A → B → A (line 1, column 13)",
        ),
    ] {
        let error =
            stacks.ask("CreateStack", json!({"StackName": "s", "TemplateBody": template})).await.unwrap_err();
        assert!(error.message.starts_with(message), "{}", error.message);
    }
}

#[tokio::test]
async fn capabilities_are_asked_for() {
    let house = House::new();
    let stacks = house.open().await;
    let template = "Resources: {A: {Type: 'Test::Role', Properties: {Name: n}}}";
    for given in [json!([]), json!(["CAPABILITY_IAM"])] {
        let input = json!({"StackName": "s", "TemplateBody": template, "Capabilities": given});
        let error = stacks.ask("CreateStack", input).await.unwrap_err();
        assert_eq!(error.code, "InsufficientCapabilitiesException");
        assert_eq!(error.message, "Requires capabilities : [CAPABILITY_NAMED_IAM]");
    }
    let input = json!({"StackName": "s", "TemplateBody": template, "Capabilities": ["CAPABILITY_NAMED_IAM"]});
    stacks.perform("CreateStack", input).await;
    assert_eq!(stacks.status("s").await, "CREATE_COMPLETE");
    let summary = stacks.ask("ValidateTemplate", json!({"TemplateBody": template})).await.unwrap();
    assert_eq!(summary["Capabilities"], json!(["CAPABILITY_NAMED_IAM"]));
}

#[tokio::test]
async fn a_type_cannot_change() {
    let house = House::new();
    let stacks = house.open().await;
    stacks
        .perform(
            "CreateStack",
            json!({"StackName": "s", "TemplateBody": "Resources: {A: {Type: 'Test::Thing'}}"}),
        )
        .await;
    let error = stacks
        .ask(
            "UpdateStack",
            json!({"StackName": "s", "TemplateBody": "Resources: {A: {Type: 'Test::Named'}}"}),
        )
        .await
        .unwrap_err();
    assert_eq!(
        error.message,
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [A]"
    );
}

#[tokio::test]
async fn a_stacks_name_is_letters_digits_and_hyphens() {
    let house = House::new();
    let stacks = house.open().await;
    let template = r#"{"Resources": {"A": {"Type": "Test::Thing"}}}"#;
    for name in [
        "1x",
        "a b",
        "a_b",
        "",
        "ä",
        "arn:aws:cloudformation:us-east-1:000000000000:stack/x/y",
        &"x".repeat(129),
    ] {
        let input = json!({"StackName": name, "TemplateBody": template});
        let error = stacks.ask("CreateStack", input).await.unwrap_err();
        assert!(error.message.contains("'stackName' failed to satisfy constraint"), "{name}: {error}");
        let input = json!({"StackName": name, "ChangeSetName": "c", "ChangeSetType": "CREATE", "TemplateBody": template});
        let error = stacks.ask("CreateChangeSet", input).await.unwrap_err();
        assert!(error.code == "ValidationError" || error.code == "InvalidParameterValue", "{name}: {error}");
    }
}
