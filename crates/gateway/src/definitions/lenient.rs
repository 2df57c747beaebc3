//! Reading booleans, numbers and documents the way CloudFormation writes them: natively or as text.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

/// `true`, `"true"`, or nothing.
pub fn optional_bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(value)) => Ok(Some(value)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
        Some(other) => Err(D::Error::custom(format!("expected a boolean, found {other}"))),
    }
}

pub fn bool<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(optional_bool(deserializer)?.unwrap_or(false))
}

/// `12`, `"12"`, or nothing.
pub fn optional_number<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: FromStr,
    N::Err: Display,
{
    let text = match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text,
        Some(other) => return Err(D::Error::custom(format!("expected a number, found {other}"))),
    };
    // A template that computes may write a whole number with a fraction.
    let text = text.trim().trim_end_matches(".0");
    text.parse()
        .map(Some)
        .map_err(|cause| D::Error::custom(format!("'{text}' is not a number here: {cause}")))
}

/// Text, or a number or boolean that stands where text is meant (`StatusCode: 200`).
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        other => Err(D::Error::custom(format!("expected text, found {other}"))),
    }
}

pub fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(value) => text(value).map(Some).map_err(D::Error::custom),
    }
}

/// A JSON document, or text that holds one.
pub fn optional_document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    match Option::<Value>::deserialize(deserializer)? {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(Value::String(text)) => serde_json::from_str(&text)
            .map(Some)
            .map_err(|cause| D::Error::custom(format!("not JSON: {cause}"))),
        Some(document) => Ok(Some(document)),
    }
}

/// A map whose values are booleans (`method.request.querystring.page: true`).
pub fn flags<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<std::collections::BTreeMap<String, bool>, D::Error> {
    #[derive(Deserialize)]
    struct Flag(#[serde(deserialize_with = "self::bool")] bool);
    let read = Option::<std::collections::BTreeMap<String, Flag>>::deserialize(deserializer)?;
    Ok(read.unwrap_or_default().into_iter().map(|(name, flag)| (name, flag.0)).collect())
}

/// A map of text whose values may be numbers or booleans.
pub fn text_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<std::collections::BTreeMap<String, String>, D::Error> {
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "self::text")] String);
    let read = Option::<std::collections::BTreeMap<String, Text>>::deserialize(deserializer)?;
    Ok(read.unwrap_or_default().into_iter().map(|(name, text)| (name, text.0)).collect())
}
