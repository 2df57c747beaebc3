//! What a resource type's properties may be: the facts of `facts/resource-types.json`, and whether a value conforms.

use std::{collections::BTreeMap, sync::OnceLock};

use serde::Deserialize;
use serde_json::{Map, Number, Value};

use crate::intrinsics::is_unknown;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeSchema {
    properties: BTreeMap<String, Shape>,
    definitions: BTreeMap<String, Shape>,
    required: Vec<String>,
    /// Paths with dots. A change to one replaces the resource.
    pub create_only: Vec<String>,
    pub read_only: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Shape {
    #[serde(rename = "type")]
    types: Vec<String>,
    #[serde(rename = "enum")]
    allowed: Vec<Value>,
    items: Option<Box<Shape>>,
    properties: BTreeMap<String, Shape>,
    required: Vec<String>,
    /// Of a map with free keys.
    values: Option<Box<Shape>>,
    #[serde(rename = "ref")]
    definition: Option<String>,
}

/// What is wrong, and at which path below the properties (`["Policies", "0", "Name"]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    pub path: Vec<String>,
    pub message: String,
}

impl TypeSchema {
    /// The facts of an AWS type; `None` for one that there are none of.
    pub fn of(resource_type: &str) -> Option<&'static Self> {
        static ALL: OnceLock<BTreeMap<String, TypeSchema>> = OnceLock::new();
        ALL.get_or_init(|| {
            serde_json::from_str(include_str!("../facts/resource-types.json")).unwrap_or_default()
        })
        .get(resource_type)
    }

    /// Whether `Fn::GetAtt` may ask for it, or for something inside it.
    pub fn has_attribute(&self, attribute: &str) -> bool {
        self.read_only.iter().any(|known| {
            known == attribute
                || attribute.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
    }

    /// The properties with scalars in the types the facts ask for (`"true"` → `true`, `5` → `"5"`), as CloudFormation
    /// turns them, and everything that does not fit. Unknown values fit everywhere.
    pub fn conform(&self, properties: &Value) -> (Value, Vec<Complaint>) {
        let mut walk = Walk { schema: self, path: Vec::new(), complaints: Vec::new() };
        let Some(given) = properties.as_object() else {
            return (properties.clone(), Vec::new());
        };
        let mut shaped = Map::new();
        for (name, value) in given {
            walk.path.push(name.clone());
            match self.properties.get(name) {
                Some(_) if self.read_only.contains(name) => {
                    walk.path.pop();
                    walk.complain_about(name, "Encountered unsupported property: read-only");
                    continue;
                }
                Some(shape) => {
                    let value = walk.value(value, shape);
                    shaped.insert(name.clone(), value);
                    walk.path.pop();
                }
                None => {
                    walk.path.pop();
                    walk.extraneous(name);
                }
            }
        }
        walk.required(given, &self.required);
        (Value::Object(shaped), walk.complaints)
    }
}

struct Walk<'a> {
    schema: &'a TypeSchema,
    path: Vec<String>,
    complaints: Vec<Complaint>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, shape: &Shape) -> Value {
        if is_unknown(value) {
            return value.clone();
        }
        let shape = match &shape.definition {
            Some(name) => match self.schema.definitions.get(name) {
                Some(definition) => definition,
                None => return value.clone(),
            },
            None => shape,
        };
        let value = match self.typed(value, shape) {
            Some(value) => value,
            None => {
                let wanted: Vec<&str> = shape.types.iter().map(|name| java_name(name)).collect();
                let found = found_name(value);
                self.complain(format!("expected type: {}, found: {found}", wanted.join(" or ")));
                return value.clone();
            }
        };
        if !shape.allowed.is_empty() && !shape.allowed.contains(&value) {
            let allowed: Vec<String> =
                shape.allowed.iter().map(|one| one.to_string().replace('"', "")).collect();
            let given = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            self.complain(format!("{given} is not a valid enum value; there are {}", allowed.join(", ")));
        }
        match value {
            Value::Array(items) => match &shape.items {
                Some(of) => Value::Array(
                    items
                        .iter()
                        .enumerate()
                        .map(|(at, item)| self.inside(&at.to_string(), item, of))
                        .collect(),
                ),
                None => Value::Array(items),
            },
            Value::Object(map) => Value::Object(self.object(map, shape)),
            scalar => scalar,
        }
    }

    fn object(&mut self, map: Map<String, Value>, shape: &Shape) -> Map<String, Value> {
        if shape.properties.is_empty() && shape.values.is_none() {
            return map;
        }
        let mut shaped = Map::new();
        for (name, value) in &map {
            match shape.properties.get(name).or(shape.values.as_deref()) {
                Some(of) => {
                    let value = self.inside(name, value, of);
                    shaped.insert(name.clone(), value);
                }
                None => self.extraneous(name),
            }
        }
        self.required(&map, &shape.required);
        shaped
    }

    fn inside(&mut self, step: &str, value: &Value, shape: &Shape) -> Value {
        self.path.push(step.to_owned());
        let value = self.value(value, shape);
        self.path.pop();
        value
    }

    /// The value in a type the shape names, `None` where it cannot be.
    fn typed(&self, value: &Value, shape: &Shape) -> Option<Value> {
        if shape.types.is_empty() || shape.types.iter().any(|wanted| is_of(value, wanted)) {
            return Some(value.clone());
        }
        shape.types.iter().find_map(|wanted| match (wanted.as_str(), value) {
            ("string", Value::Number(number)) => Some(Value::String(number.to_string())),
            ("string", Value::Bool(value)) => Some(Value::String(value.to_string())),
            ("boolean", Value::String(text)) if text.eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
            ("boolean", Value::String(text)) if text.eq_ignore_ascii_case("false") => {
                Some(Value::Bool(false))
            }
            ("integer", Value::String(text)) => text.parse::<i64>().ok().map(Value::from),
            ("integer", Value::Number(number)) => {
                number.as_f64().filter(|value| value.fract() == 0.0).map(|value| Value::from(value as i64))
            }
            ("number", Value::String(text)) => {
                text.parse::<f64>().ok().and_then(Number::from_f64).map(Value::Number)
            }
            _ => None,
        })
    }

    fn required(&mut self, given: &Map<String, Value>, required: &[String]) {
        for name in required.iter().filter(|name| !given.contains_key(*name)) {
            self.complain(format!("required key [{name}] not found"));
        }
    }

    /// Named at the key itself, so that the place of the complaint is the key's.
    fn extraneous(&mut self, name: &str) {
        self.complain_about(name, &format!("extraneous key [{name}] is not permitted"));
    }

    fn complain_about(&mut self, name: &str, message: &str) {
        let shown = pointer(&self.path);
        self.path.push(name.to_owned());
        self.complaints.push(Complaint { path: self.path.clone(), message: format!("{shown}: {message}") });
        self.path.pop();
    }

    fn complain(&mut self, message: String) {
        let shown = pointer(&self.path);
        self.complaints.push(Complaint { path: self.path.clone(), message: format!("{shown}: {message}") });
    }
}

fn pointer(path: &[String]) -> String {
    path.iter().fold(String::from("#"), |shown, step| shown + "/" + step)
}

fn is_of(value: &Value, wanted: &str) -> bool {
    match wanted {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

/// The registry's own names for types in its complaints.
fn java_name(wanted: &str) -> &str {
    match wanted {
        "string" => "String",
        "boolean" => "Boolean",
        "integer" => "Integer",
        "number" => "Number",
        "array" => "JSONArray",
        "object" => "JSONObject",
        other => other,
    }
}

fn found_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(_) => "Number",
        Value::String(_) => "String",
        Value::Array(_) => "JSONArray",
        Value::Object(_) => "JSONObject",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn conform(resource_type: &str, value: Value) -> (Value, Vec<String>) {
        let (value, complaints) = TypeSchema::of(resource_type).unwrap().conform(&value);
        (value, complaints.into_iter().map(|complaint| complaint.message).collect())
    }

    #[test]
    fn scalars_take_the_type_they_should_have() {
        let (value, complaints) = conform(
            "AWS::Cognito::UserPool",
            json!({"UserPoolName": 7, "Policies": {"PasswordPolicy": {"MinimumLength": "6", "RequireLowercase": "false"}}}),
        );
        assert_eq!(complaints, Vec::<String>::new());
        assert_eq!(
            value,
            json!({"UserPoolName": "7", "Policies": {"PasswordPolicy": {"MinimumLength": 6, "RequireLowercase": false}}})
        );
    }

    #[test]
    fn every_misfit_is_named_at_once() {
        let (_, complaints) = conform(
            "AWS::Lambda::Permission",
            json!({"Actoin": "x", "Principal": ["a"], "FunctionName": "f", "Id": "x", "FunctionUrlAuthType": "SOME"}),
        );
        assert_eq!(
            complaints,
            [
                "#: extraneous key [Actoin] is not permitted",
                "#/Principal: expected type: String, found: JSONArray",
                "#: Encountered unsupported property: read-only",
                "#/FunctionUrlAuthType: SOME is not a valid enum value; there are AWS_IAM, NONE",
                "#: required key [Action] not found",
            ]
        );
    }

    #[test]
    fn attributes_are_the_read_only_properties() {
        let schema = TypeSchema::of("AWS::Cognito::UserPool").unwrap();
        assert!(
            schema.has_attribute("Arn")
                && schema.has_attribute("ProviderName")
                && !schema.has_attribute("Nope")
        );
        assert!(TypeSchema::of("AWS::DynamoDB::Table").is_none());
    }
}
