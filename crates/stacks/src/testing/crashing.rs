//! The server dies at every step there is, and each time the next one brings the stack to the same end.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{House, house::Death, summary};

const BEFORE: &str = "Resources:
  A: {Type: 'Test::Thing', Properties: {Size: 1, Fixed: x}}
  B: {Type: 'Test::Named', Properties: {Other: !Ref A}}
  C: {Type: 'Test::Thing', Properties: {Other: !GetAtt B.Arn}}
  D: {Type: 'Test::Thing', Properties: {Size: 4}}
Outputs: {O: {Value: !Ref A, Export: {Name: a}}}
";
const AFTER: &str = "Resources:
  A: {Type: 'Test::Thing', Properties: {Size: 2, Fixed: y}}
  B: {Type: 'Test::Named', Properties: {Other: !Ref A}}
  D: {Type: 'Test::Thing', Properties: {Size: 5}}
  E: {Type: 'Test::Thing', Properties: {Other: [!Ref B, !Ref D]}}
Outputs: {O: {Value: !Ref A, Export: {Name: b}}}
";

struct Case {
    prepare: Option<&'static str>,
    operation: &'static str,
    input: Value,
    failing: Option<&'static str>,
    ends: &'static str,
    things: &'static [&'static str],
}

/// Runs the case with a death at step 0, 1, 2, … until one run comes through alive. Each time: the stack ends where it
/// should, everything is there once, and nothing else is.
async fn dies_everywhere(case: Case) -> usize {
    let mut expected: Option<BTreeMap<String, Value>> = None;
    for step in 0.. {
        let house = House::new();
        if let Some(template) = case.prepare {
            house
                .open()
                .await
                .perform("CreateStack", json!({"StackName": "s", "TemplateBody": template}))
                .await;
        }
        let arn = house
            .open()
            .await
            .ask("DescribeStacks", json!({"StackName": "s"}))
            .await
            .ok()
            .map(|answer| answer["Stacks"][0]["StackId"].clone());
        if let Some(failing) = case.failing {
            house.world.fail(failing);
        }
        let death = Death::at(step);
        let dying = house.open_until(Some(death.clone())).await;
        let acknowledged = dying.ask(case.operation, case.input.clone()).await;
        dying.idle().await;
        let struck = death.struck();
        // A second life that is short, too, then one that is not.
        if step % 3 == 0 {
            let again = house.open_until(Some(Death::at(step / 2))).await;
            again.idle().await;
        }
        let stacks = house.open().await;
        stacks.idle().await;
        let id = arn.or(acknowledged.as_ref().ok().map(|answer| answer["StackId"].clone()));
        let name = id.as_ref().and_then(Value::as_str).unwrap_or("s").to_owned();
        let mut status = stacks.status(&name).await;
        if acknowledged.is_err() && status != case.ends {
            // It was never promised: asked again, it is done.
            let answer = stacks.ask(case.operation, case.input.clone()).await;
            stacks.idle().await;
            let name = answer
                .ok()
                .and_then(|answer| answer["StackId"].as_str().map(str::to_owned))
                .unwrap_or(name.clone());
            status = stacks.status(&name).await;
        }
        let events = if status.contains("does not exist") {
            String::new()
        } else {
            summary(&stacks.events(&name).await)
        };
        assert_eq!(status, case.ends, "died at step {step}\n{events}");
        let there = house.world.by_logical_id();
        assert_eq!(there.keys().collect::<Vec<_>>(), case.things, "died at step {step}\n{events}");
        let sizes: BTreeMap<String, Value> =
            there.iter().map(|(id, properties)| (id.clone(), properties["Size"].clone())).collect();
        assert_eq!(*expected.get_or_insert(sizes.clone()), sizes, "died at step {step}\n{events}");
        if !struck {
            return step;
        }
    }
    unreachable!()
}

fn with(template: &str) -> Value {
    json!({"StackName": "s", "TemplateBody": template, "ClientRequestToken": "once"})
}

#[tokio::test]
async fn while_creating() {
    let case = Case {
        prepare: None,
        operation: "CreateStack",
        input: with(BEFORE),
        failing: None,
        ends: "CREATE_COMPLETE",
        things: &["A", "B", "C", "D"],
    };
    assert!(dies_everywhere(case).await > 20);
}

#[tokio::test]
async fn while_creating_fails() {
    let case = Case {
        prepare: None,
        operation: "CreateStack",
        input: with(BEFORE),
        failing: Some("create C"),
        ends: "ROLLBACK_COMPLETE",
        things: &[],
    };
    assert!(dies_everywhere(case).await > 20);
}

#[tokio::test]
async fn while_updating() {
    let case = Case {
        prepare: Some(BEFORE),
        operation: "UpdateStack",
        input: with(AFTER),
        failing: None,
        ends: "UPDATE_COMPLETE",
        things: &["A", "B", "D", "E"],
    };
    assert!(dies_everywhere(case).await > 20);
}

#[tokio::test]
async fn while_updating_fails() {
    for failing in ["create E", "half-create E"] {
        let case = Case {
            prepare: Some(BEFORE),
            operation: "UpdateStack",
            input: with(AFTER),
            failing: Some(failing),
            ends: "UPDATE_ROLLBACK_COMPLETE",
            things: &["A", "B", "C", "D"],
        };
        assert!(dies_everywhere(case).await > 20);
    }
}

#[tokio::test]
async fn while_deleting() {
    let case = Case {
        prepare: Some(BEFORE),
        operation: "DeleteStack",
        input: json!({"StackName": "s"}),
        failing: None,
        ends: "DELETE_COMPLETE",
        things: &[],
    };
    assert!(dies_everywhere(case).await > 15);
}

#[tokio::test]
async fn while_deleting_fails() {
    let case = Case {
        prepare: Some(BEFORE),
        operation: "DeleteStack",
        input: json!({"StackName": "s"}),
        failing: Some("delete B"),
        ends: "DELETE_FAILED",
        things: &["A", "B"],
    };
    assert!(dies_everywhere(case).await > 10);
}

/// Nobody starts the dead server again; one that was there before goes on with what it left.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_stays_ends_what_a_dead_one_began() {
    let house = House::new();
    let staying = house.open().await;
    let death = Death::at(6);
    let dying = house.open_until(Some(death.clone())).await;
    dying.ask("CreateStack", json!({"StackName": "s", "TemplateBody": BEFORE})).await.unwrap();
    dying.idle().await;
    assert!(death.struck());
    assert_eq!(staying.status("s").await, "CREATE_IN_PROGRESS");
    let still = std::time::Duration::from_millis(5);
    crate::take_up::take_up(staying.clone(), still).await.unwrap();
    staying.idle().await;
    assert_eq!(staying.status("s").await, "CREATE_COMPLETE");
    // Who rests is left alone.
    crate::take_up::take_up(staying.clone(), still).await.unwrap();
    staying.idle().await;
    assert_eq!(staying.status("s").await, "CREATE_COMPLETE");
}
