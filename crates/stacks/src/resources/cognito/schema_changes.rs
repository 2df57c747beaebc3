//! What can become of a pool's attributes: they can grow, never change or go (Amazon Cognito Developer Guide, "Working
//! with user attributes").

use serde_json::Value;

use crate::resources::properties::text;

/// The attributes every pool has from the start; their settings are fixed when it is made.
const STANDARD: [&str; 19] = [
    "sub",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "email",
    "email_verified",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address",
];

/// Whether `old` can become `new` in place.
pub fn can_grow(old: &Value, new: &Value) -> bool {
    let (before, after) = (attributes(old), attributes(new));
    let kept = before.iter().all(|one| after.contains(one) || asks_nothing(one));
    let added = after.iter().filter(|one| !before.contains(one));
    let named_before =
        |one: &Value| before.iter().any(|other| name(other) == name(one) && !asks_nothing(other));
    let mut added = added.filter(|one| !asks_nothing(one));
    kept && added
        .all(|one| !is_standard(one) && !named_before(one) && one.get("Required") != Some(&Value::Bool(true)))
}

/// Custom attributes of `new` whose names are not among `there` (with their `custom:` in front).
pub fn additions(new: &Value, there: &[String]) -> Vec<Value> {
    let is_there = |one: &Value| {
        let name = name(one).trim_start_matches("custom:");
        there
            .iter()
            .any(|known| known.trim_start_matches("custom:").trim_start_matches("dev:custom:") == name)
    };
    attributes(new).into_iter().filter(|one| !is_standard(one) && !is_there(one)).collect()
}

fn attributes(properties: &Value) -> Vec<Value> {
    properties.get("Schema").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn name(attribute: &Value) -> &str {
    text(attribute, "Name").unwrap_or_default()
}

fn is_standard(attribute: &Value) -> bool {
    STANDARD.contains(&name(attribute))
}

/// A standard attribute as it is anyhow.
fn asks_nothing(attribute: &Value) -> bool {
    is_standard(attribute)
        && attribute.get("Required") != Some(&Value::Bool(true))
        && attribute.get("Mutable") != Some(&Value::Bool(false))
        && attribute.get("StringAttributeConstraints").is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grows(old: Value, new: Value) -> bool {
        can_grow(&json!({ "Schema": old }), &json!({ "Schema": new }))
    }

    #[test]
    fn custom_attributes_can_come_and_nothing_else_can_happen() {
        let (a, b) = (
            json!({"Name": "a", "AttributeDataType": "String"}),
            json!({"Name": "b", "AttributeDataType": "Number"}),
        );
        assert!(grows(json!([a]), json!([a, b])));
        assert!(!grows(json!([a, b]), json!([a])));
        assert!(!grows(json!([a]), json!([b])));
        assert!(!grows(json!([a]), json!([{"Name": "a", "AttributeDataType": "Number"}])));
        assert!(!grows(json!([]), json!([{"Name": "email", "Required": true}])));
        assert!(grows(json!([]), json!([{"Name": "email", "AttributeDataType": "String", "Mutable": true}])));
        assert!(!grows(json!([]), json!([{"Name": "c", "Required": true}])));
    }

    #[test]
    fn additions_are_what_the_pool_does_not_have_yet() {
        let new = json!({"Schema": [{"Name": "a"}, {"Name": "b"}, {"Name": "email"}]});
        assert_eq!(
            additions(&new, &[String::from("custom:a"), String::from("email")]),
            [json!({"Name": "b"})]
        );
    }
}
