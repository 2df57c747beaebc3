//! `!Ref Bucket` is short for `Ref: Bucket`, `!Sub` for `Fn::Sub`, and so on (AWS CloudFormation User Guide,
//! "Intrinsic function reference").

use saphyr_parser::Tag;
use serde_json::Number;

use super::scalars;
use crate::{
    diagnostics::Diagnostic,
    node::{Entry, Map, Node, Value},
    place::Place,
};

/// The short forms the Serverless Framework reads, and the three that CloudFormation added since.
const FUNCTIONS: [&str; 20] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
];

pub fn scalar(tag: &Tag, text: &str, place: Place) -> Result<Value, Diagnostic> {
    if tag.is_yaml_core_schema() {
        return core(&tag.suffix, text, place);
    }
    let name = function(tag, place)?;
    if name == "GetAtt" {
        let (resource, attribute) = text.split_once('.').unwrap_or((text, ""));
        let parts = [resource, attribute].map(|part| Node::new(Value::Text(part.to_owned()), place));
        return Ok(call(name, Value::List(parts.to_vec()), place));
    }
    Ok(call(name, Value::Text(text.to_owned()), place))
}

pub fn collection(tag: &Tag, value: Value, place: Place) -> Result<Value, Diagnostic> {
    if tag.is_yaml_core_schema() {
        return match (tag.suffix.as_str(), &value) {
            ("map", Value::Map(_)) | ("seq", Value::List(_)) => Ok(value),
            (other, _) => Err(Diagnostic::error(place, format!("the tag !!{other} does not fit here"))),
        };
    }
    function(tag, place).map(|name| call(name, value, place))
}

fn function(tag: &Tag, place: Place) -> Result<&'static str, Diagnostic> {
    FUNCTIONS.iter().find(|name| tag.handle == "!" && **name == tag.suffix).copied().ok_or_else(|| {
        let known = FUNCTIONS.map(|name| format!("!{name}")).join(" ");
        Diagnostic::error(place, format!("the tag {tag} is not known")).help(format!("known are {known}"))
    })
}

fn call(name: &str, argument: Value, place: Place) -> Value {
    let key = match name {
        "Ref" | "Condition" => name.to_owned(),
        _ => format!("Fn::{name}"),
    };
    Value::Map(Map { entries: vec![Entry { key, key_place: place, value: Node::new(argument, place) }] })
}

fn core(suffix: &str, text: &str, place: Place) -> Result<Value, Diagnostic> {
    let value = match suffix {
        "str" => Some(Value::Text(text.to_owned())),
        "null" => Some(Value::Null),
        "bool" | "int" => match (suffix, scalars::plain(text)) {
            ("bool", value @ Value::Bool(_)) => Some(value),
            ("int", value @ Value::Number(_)) => Some(value),
            _ => None,
        },
        "float" => text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number),
        _ => None,
    };
    value.ok_or_else(|| Diagnostic::error(place, format!("'{text}' does not fit the tag !!{suffix}")))
}
