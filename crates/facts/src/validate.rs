//! Holds a request against its shape and complains as AWS does.
//!
//! First the types: the first member of a wrong type is a `SerializationException`. Then every broken constraint, all in
//! one message: `2 validation errors detected: Value at 'password' failed to satisfy constraint: …; Value 'x' at …`.
//! The wording, a length before a pattern and members in alphabetical order are as recorded from Cognito; a value that
//! the model calls sensitive is not shown.

use serde_json::Value;

use crate::{
    OperationShape, WireError,
    shape::{Kind, Limits, Shape},
    wire::{Unreadable, unfit, whole},
};

/// How many complaints are spelt out; all are counted.
const SPELT_OUT: usize = 20;
/// How much of a value is shown.
const SHOWN: usize = 1024;

/// Whether `input`, the request's members as JSON, is what `operation` takes.
pub fn validate(operation: &OperationShape, input: &Value) -> Result<(), WireError> {
    let Some(shape) = operation.input else { return Ok(()) };
    types(shape, input).map_err(|Unreadable(what)| WireError::new(400, "SerializationException", what))?;
    let mut complaints = Complaints::default();
    complaints.structure(shape, input, "");
    complaints.into_error(operation.service.invalid)
}

fn types(shape: &Shape, value: &Value) -> Result<(), Unreadable> {
    let wanted = match (&shape.kind, value) {
        (_, Value::Null) | (Kind::Document, _) => return Ok(()),
        (Kind::Structure { members, .. }, Value::Object(fields)) => {
            return members.iter().try_for_each(|member| match fields.get(member.name) {
                Some(value) => types(member.shape, value),
                None => Ok(()),
            });
        }
        (Kind::List { member, .. }, Value::Array(items)) => {
            return items.iter().try_for_each(|item| types(member, item));
        }
        (Kind::Map { value: of, .. }, Value::Object(entries)) => {
            return entries.values().try_for_each(|value| types(of, value));
        }
        (Kind::String { .. } | Kind::Blob { .. }, Value::String(_))
        | (Kind::Boolean, Value::Bool(_))
        | (Kind::Double { .. } | Kind::Timestamp, Value::Number(_)) => return Ok(()),
        (Kind::Integer { .. }, Value::Number(_)) => match whole(value) {
            Some(number) if i32::try_from(number).is_ok() => return Ok(()),
            _ => "an Integer",
        },
        (Kind::Long { .. }, Value::Number(_)) => {
            if whole(value).is_some() {
                return Ok(());
            }
            "a Long"
        }
        (
            Kind::Structure { .. } | Kind::List { .. } | Kind::Map { .. },
            Value::Array(_) | Value::Object(_),
        ) => {
            return Err(Unreadable(String::from("Start of structure or map found where not expected.")));
        }
        (Kind::Structure { .. } | Kind::List { .. } | Kind::Map { .. }, other) => {
            return Err(Unreadable(format!(
                "Unrecognized collection type class {}",
                match other {
                    Value::String(_) => "java.lang.String",
                    Value::Bool(_) => "java.lang.Boolean",
                    _ => "java.lang.Number",
                }
            )));
        }
        (Kind::String { .. }, _) => "a String",
        (Kind::Blob { .. }, _) => "a Blob",
        (Kind::Boolean, _) => "a Boolean",
        (Kind::Integer { .. }, _) => "an Integer",
        (Kind::Long { .. }, _) => "a Long",
        (Kind::Double { .. }, _) => "a Double",
        (Kind::Timestamp, _) => "a Timestamp",
    };
    Err(unfit(value, wanted))
}

#[derive(Default)]
struct Complaints {
    count: usize,
    spelt: Vec<String>,
}

impl Complaints {
    fn structure(&mut self, shape: &Shape, value: &Value, path: &str) {
        let mut members: Vec<_> = shape.members().iter().collect();
        members.sort_by_key(|member| member.name);
        for member in members {
            let path = format!("{path}{}", lower_first(member.name));
            let hidden = shape.sensitive || member.shape.sensitive;
            match value.get(member.name).unwrap_or(&Value::Null) {
                Value::Null if member.required => {
                    let shown = if hidden { "Value" } else { "Value null" };
                    self.add(format!(
                        "{shown} at '{path}' failed to satisfy constraint: Member must not be null"
                    ));
                }
                Value::Null => {}
                value => self.value(member.shape, value, &path, hidden),
            }
        }
    }

    fn value(&mut self, shape: &Shape, value: &Value, path: &str, hidden: bool) {
        let hidden = hidden || shape.sensitive;
        for constraint in broken(shape, value) {
            self.broken(value, path, hidden, &constraint);
        }
        match (&shape.kind, value) {
            (Kind::Structure { .. }, _) => self.structure(shape, value, &format!("{path}.")),
            (Kind::List { member, .. }, Value::Array(items)) => {
                let plain =
                    !matches!(member.kind, Kind::Structure { .. } | Kind::List { .. } | Kind::Map { .. });
                if plain {
                    if let Some(constraints) = first_broken(member, items.iter()) {
                        let constraint = format!("Member must satisfy constraint: {constraints}");
                        self.broken(value, path, hidden || member.sensitive, &constraint);
                    }
                    return;
                }
                for (at, item) in items.iter().enumerate() {
                    self.value(member, item, &format!("{path}.{}.member", at + 1), hidden);
                }
            }
            (Kind::Map { key, value: of, .. }, Value::Object(entries)) => {
                let keys: Vec<Value> = entries.keys().map(|key| Value::String(key.clone())).collect();
                if let Some(constraints) = first_broken(key, keys.iter()) {
                    let constraint = format!("Map keys must satisfy constraint: {constraints}");
                    self.broken(value, path, hidden || of.sensitive, &constraint);
                }
                if matches!(of.kind, Kind::Structure { .. } | Kind::List { .. } | Kind::Map { .. }) {
                    for (key, value) in entries {
                        self.value(of, value, &format!("{path}.{key}.member"), hidden);
                    }
                } else if let Some(constraints) = first_broken(of, entries.values()) {
                    let constraint = format!("Map value must satisfy constraint: {constraints}");
                    self.broken(value, path, hidden || of.sensitive, &constraint);
                }
            }
            _ => {}
        }
    }

    fn broken(&mut self, value: &Value, path: &str, hidden: bool, constraint: &str) {
        let shown = if hidden { String::from("Value") } else { format!("Value '{}'", show(value)) };
        self.add(format!("{shown} at '{path}' failed to satisfy constraint: {constraint}"));
    }

    fn add(&mut self, complaint: String) {
        self.count += 1;
        if self.spelt.len() < SPELT_OUT {
            self.spelt.push(complaint);
        }
    }

    fn into_error(self, code: &str) -> Result<(), WireError> {
        let errors = match self.count {
            0 => return Ok(()),
            1 => "error",
            _ => "errors",
        };
        let message = format!("{} validation {errors} detected: {}", self.count, self.spelt.join("; "));
        Err(WireError::new(400, code, message))
    }
}

/// The constraints of the shape itself that `value` breaks, in words.
fn broken(shape: &Shape, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    match (&shape.kind, value) {
        (Kind::String { limits, pattern, values }, Value::String(text)) => {
            if !values.is_empty() && !values.contains(&text.as_str()) {
                found.push(format!("Member must satisfy enum value set: [{}]", values.join(", ")));
            }
            length(limits, text.chars().count(), &mut found);
            if let Some(pattern) = pattern.filter(|pattern| !pattern.matches(text)) {
                found.push(format!("Member must satisfy regular expression pattern: {}", pattern.as_str()));
            }
        }
        (Kind::Blob { limits, .. }, Value::String(text)) => length(limits, text.len() / 4 * 3, &mut found),
        (Kind::List { limits, .. }, Value::Array(items)) => length(limits, items.len(), &mut found),
        (Kind::Map { limits, .. }, Value::Object(entries)) => length(limits, entries.len(), &mut found),
        (Kind::Integer { limits } | Kind::Long { limits }, Value::Number(_)) => {
            let number = whole(value).unwrap_or_default();
            if let Some(max) = limits.max.filter(|max| number > *max) {
                found.push(format!("Member must have value less than or equal to {max}"));
            }
            if let Some(min) = limits.min.filter(|min| number < *min) {
                found.push(format!("Member must have value greater than or equal to {min}"));
            }
        }
        (Kind::Double { limits }, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or_default();
            if let Some(max) = limits.max.filter(|max| number > *max) {
                found.push(format!("Member must have value less than or equal to {max}"));
            }
            if let Some(min) = limits.min.filter(|min| number < *min) {
                found.push(format!("Member must have value greater than or equal to {min}"));
            }
        }
        _ => {}
    }
    found
}

fn length(limits: &Limits<i64>, length: usize, found: &mut Vec<String>) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    if let Some(max) = limits.max.filter(|max| length > *max) {
        found.push(format!("Member must have length less than or equal to {max}"));
    }
    if let Some(min) = limits.min.filter(|min| length < *min) {
        found.push(format!("Member must have length greater than or equal to {min}"));
    }
}

/// For plain values in a list or map AWS names all constraints of the member as soon as one value breaks one.
fn first_broken<'a>(shape: &Shape, mut values: impl Iterator<Item = &'a Value>) -> Option<String> {
    values.find(|value| !value.is_null() && !broken(shape, value).is_empty())?;
    let mut all = Vec::new();
    let lengths = |limits: &Limits<i64>, all: &mut Vec<String>| {
        limits
            .max
            .iter()
            .for_each(|max| all.push(format!("Member must have length less than or equal to {max}")));
        limits
            .min
            .iter()
            .for_each(|min| all.push(format!("Member must have length greater than or equal to {min}")));
    };
    match &shape.kind {
        Kind::String { limits, pattern, values } => {
            lengths(limits, &mut all);
            if !values.is_empty() {
                all.push(format!("Member must satisfy enum value set: [{}]", values.join(", ")));
            }
            if let Some(pattern) = pattern {
                all.push(format!("Member must satisfy regular expression pattern: {}", pattern.as_str()));
            }
        }
        Kind::Blob { limits, .. } => lengths(limits, &mut all),
        Kind::Integer { limits } | Kind::Long { limits } => {
            limits
                .max
                .iter()
                .for_each(|max| all.push(format!("Member must have value less than or equal to {max}")));
            limits
                .min
                .iter()
                .for_each(|min| all.push(format!("Member must have value greater than or equal to {min}")));
        }
        _ => {}
    }
    Some(format!("[{}]", all.join(", ")))
}

/// As Java prints it: `[a, b]`, `{k=v}`; structures by their place only, since their members may be sensitive.
fn show(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            format!("[{}]", items.iter().take(SPELT_OUT).map(show_item).collect::<Vec<_>>().join(", "))
        }
        Value::Object(entries) => {
            let entries =
                entries.iter().take(SPELT_OUT).map(|(key, value)| format!("{key}={}", show_item(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn show_item(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => String::from("…"),
        other => show(other),
    }
}

/// `UserPoolId` → `userPoolId`, `SAMLAssertion` → `sAMLAssertion`, as AWS writes it.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_lowercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{cognito_idp, read};

    fn complaint<O: crate::Operation>(input: serde_json::Value) -> String {
        match read::<O>(input) {
            Ok(_) => String::from("fits"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn words_every_broken_constraint_as_cognito_does() {
        // Recorded: amazon-archives/amazon-cognito-identity-js, issue 388 (of 2017; the password's pattern has grown since).
        let told =
            complaint::<cognito_idp::SignUp>(json!({"ClientId": "abc", "Username": "", "Password": "a b"}));
        assert_eq!(
            told,
            "InvalidParameterException: 3 validation errors detected: Value at 'password' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [\\S]+; Value at 'username' failed to satisfy constraint: \
             Member must have length greater than or equal to 1; Value at 'username' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: [\\p{L}\\p{M}\\p{S}\\p{N}\\p{P}]+"
        );
    }

    #[test]
    fn names_what_is_missing() {
        assert_eq!(
            complaint::<cognito_idp::DescribeUserPool>(json!({})),
            "InvalidParameterException: 1 validation error detected: Value null at 'userPoolId' failed to satisfy \
             constraint: Member must not be null"
        );
        assert_eq!(
            complaint::<cognito_idp::DescribeUserPool>(json!({"UserPoolId": "nope"})),
            "InvalidParameterException: 1 validation error detected: Value 'nope' at 'userPoolId' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+"
        );
    }

    #[test]
    fn a_list_of_words_complains_as_a_whole_and_a_list_of_structures_by_place() {
        let told = complaint::<cognito_idp::CreateUserPoolClient>(json!({
            "UserPoolId": "us-east-1_Ab3dEf9hI", "ClientName": "web", "ExplicitAuthFlows": ["NOPE"]
        }));
        assert!(
            told.starts_with(
                "InvalidParameterException: 1 validation error detected: Value '[NOPE]' at 'explicitAuthFlows' failed to \
                 satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: ["
            ),
            "{told}"
        );
        let told = complaint::<cognito_idp::AdminCreateUser>(json!({
            "UserPoolId": "us-east-1_Ab3dEf9hI", "Username": "anna",
            "UserAttributes": [{"Name": "email", "Value": "a@example.com"}, {"Name": ""}]
        }));
        assert!(told.contains("Value '' at 'userAttributes.2.member.name' failed"), "{told}");
    }

    #[test]
    fn a_wrong_type_is_a_serialization_exception() {
        assert_eq!(
            complaint::<cognito_idp::DescribeUserPool>(json!({"UserPoolId": 5})),
            "SerializationException: NUMBER_VALUE can not be converted to a String"
        );
        assert_eq!(
            complaint::<cognito_idp::DescribeUserPool>(json!([])),
            "SerializationException: Start of structure or map found where not expected."
        );
        assert_eq!(
            complaint::<cognito_idp::ListUserPools>(json!({"MaxResults": 3_000_000_000_u64})),
            "SerializationException: NUMBER_VALUE can not be converted to an Integer"
        );
        assert_eq!(complaint::<cognito_idp::ListUserPools>(json!({"MaxResults": 60, "More": true})), "fits");
    }
}
