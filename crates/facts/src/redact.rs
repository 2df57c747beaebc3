//! `Debug` for shapes, with what is sensitive left out.

use std::fmt;

use serde_json::Value;

use crate::shape::{Kind, Shape};

/// Writes `value` as JSON, `***` in the place of anything that the model calls sensitive.
pub(crate) fn debug(shape: &Shape, value: &Value, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "{} {}", shape.name, redacted(shape, value))
}

fn redacted(shape: &Shape, value: &Value) -> Value {
    if shape.sensitive {
        return Value::String(String::from("***"));
    }
    match (&shape.kind, value) {
        (Kind::Structure { .. }, Value::Object(fields)) => fields
            .iter()
            .filter_map(|(name, value)| {
                shape.member(name).map(|member| (name.clone(), redacted(member.shape, value)))
            })
            .collect(),
        (Kind::List { member, .. }, Value::Array(items)) => {
            items.iter().map(|item| redacted(member, item)).collect()
        }
        (Kind::Map { value: of, .. }, Value::Object(entries)) => {
            entries.iter().map(|(key, value)| (key.clone(), redacted(of, value))).collect()
        }
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::cognito_idp::SignUpRequest;

    #[test]
    fn debug_hides_what_is_sensitive() {
        let request = SignUpRequest {
            client_id: String::from("1example23456789"),
            username: String::from("anna"),
            password: Some(String::from("hunter2!")),
            ..SignUpRequest::default()
        };
        let shown = format!("{request:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.starts_with("SignUpRequest {"), "{shown}");
    }
}
