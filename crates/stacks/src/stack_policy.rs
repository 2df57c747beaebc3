//! Stack policies: what an update may do to which resource (AWS CloudFormation User Guide, "Prevent updates to stack
//! resources"). A stack without one lets everything happen; one with a policy lets happen what a statement allows and none
//! denies.

use serde_json::Value;

use crate::plan::{Action, Change, Replacement};

/// Whether the text is a policy at all; the message says why not.
pub fn check(policy: &str) -> Result<(), String> {
    let read: Value =
        serde_json::from_str(policy).map_err(|cause| format!("Error validating stack policy: {cause}"))?;
    let statements = read.get("Statement").map(list).unwrap_or_default();
    let whole = |statement: &&Value| {
        let has = |name: &str, other: &str| statement.get(name).is_some() || statement.get(other).is_some();
        matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny"))
            && has("Action", "NotAction")
            && has("Resource", "NotResource")
            && statement.get("Principal").is_some()
    };
    if statements.is_empty() || !statements.iter().all(whole) {
        return Err(String::from("Error validating stack policy: Invalid stack policy"));
    }
    Ok(())
}

/// The changes that the policy forbids, in CloudFormation's words.
pub fn forbidden(policy: &str, changes: &[Change]) -> Vec<String> {
    let read: Value = serde_json::from_str(policy).unwrap_or(Value::Null);
    let statements = read.get("Statement").map(list).unwrap_or_default();
    let mut refusals = Vec::new();
    for change in changes {
        let action = match (change.action, change.replacement) {
            (Action::Add, _) => continue,
            (Action::Remove, _) => "Update:Delete",
            (Action::Modify, Replacement::Never) => "Update:Modify",
            (Action::Modify, _) => "Update:Replace",
        };
        let meant = |effect: &str| {
            statements.iter().any(|statement| {
                statement.get("Effect").and_then(Value::as_str) == Some(effect)
                    && applies(statement, action, change)
            })
        };
        if meant("Deny") || !meant("Allow") {
            refusals.push(format!(
                "Action denied by stack policy: the policy does not allow [{action}] for resource [LogicalResourceId/{}]",
                change.logical_id
            ));
        }
    }
    refusals
}

fn applies(statement: &Value, action: &str, change: &Change) -> bool {
    let resource = format!("LogicalResourceId/{}", change.logical_id);
    let named = |name: &str, value: &str| {
        statement.get(name).map(|patterns| {
            list(patterns).iter().any(|pattern| pattern.as_str().is_some_and(|pattern| fits(pattern, value)))
        })
    };
    let by_action = named("Action", action).or(named("NotAction", action).map(|fits| !fits)).unwrap_or(false);
    let by_resource =
        named("Resource", &resource).or(named("NotResource", &resource).map(|fits| !fits)).unwrap_or(false);
    by_action && by_resource && by_type(statement, &change.resource_type)
}

/// The one condition there is: on `ResourceType`. Another one makes an allowing statement allow nothing and a denying one
/// deny everything it names.
fn by_type(statement: &Value, resource_type: &str) -> bool {
    let Some(conditions) = statement.get("Condition").and_then(Value::as_object) else { return true };
    let denies = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
    conditions.iter().all(|(operator, keys)| match (operator.as_str(), keys.get("ResourceType")) {
        ("StringEquals" | "StringLike", Some(patterns)) => list(patterns)
            .iter()
            .any(|pattern| pattern.as_str().is_some_and(|pattern| fits(pattern, resource_type))),
        _ => denies,
    })
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// `*` stands for any text.
fn fits(pattern: &str, value: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == value };
    let Some(mut left) = value.strip_prefix(first) else { return false };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, middle) = match parts.split_last() {
        Some((last, middle)) => (*last, middle),
        None => return true,
    };
    for part in middle {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.len() >= last.len() && left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(action: Action, replacement: Replacement, id: &str) -> Change {
        let mut change = Change::bare(action, id, "AWS::Cognito::UserPool", None);
        change.replacement = replacement;
        change
    }

    #[test]
    fn a_policy_denies_by_default_and_a_deny_wins() {
        let policy = r#"{"Statement": [
            {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": ["Update:Replace", "Update:Delete"], "Principal": "*", "Resource": "LogicalResourceId/Pool*",
             "Condition": {"StringEquals": {"ResourceType": ["AWS::Cognito::UserPool"]}}}]}"#;
        check(policy).unwrap();
        let changes = [
            change(Action::Modify, Replacement::Never, "PoolA"),
            change(Action::Modify, Replacement::Always, "PoolB"),
            change(Action::Remove, Replacement::Never, "PoolC"),
            change(Action::Remove, Replacement::Never, "Other"),
            change(Action::Add, Replacement::Never, "PoolD"),
        ];
        let refusals = forbidden(policy, &changes);
        assert_eq!(refusals.len(), 2, "{refusals:?}");
        assert!(refusals[0].contains("[Update:Replace] for resource [LogicalResourceId/PoolB]"));
        let nothing = r#"{"Statement": {"Effect": "Allow", "Action": "Update:Modify", "Principal": "*", "Resource": "LogicalResourceId/X"}}"#;
        assert_eq!(forbidden(nothing, &changes).len(), 4);
        assert!(check("{}").is_err() && check("x").is_err());
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(fits("*", "x") && fits("a*c", "abc") && fits("a*b*c", "a-b-b-c") && fits("a*", "a"));
        assert!(!fits("a*c", "ab") && !fits("a", "ab") && !fits("a*a", "a"));
    }
}
