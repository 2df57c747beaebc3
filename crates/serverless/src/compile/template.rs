//! A template while it grows.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::place::Place;

#[derive(Clone, Debug, Default)]
pub struct Template {
    pub resources: Map<String, Json>,
    pub outputs: Map<String, Json>,
    /// Conditions, Parameters and whatever else a service writes.
    pub others: Map<String, Json>,
    /// Where each resource and output comes from.
    pub places: BTreeMap<String, Place>,
}

impl Template {
    pub fn to_json(&self) -> Json {
        let mut json = json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": "The AWS CloudFormation template for this Serverless application",
            "Resources": self.resources,
            "Outputs": self.outputs,
        });
        merge(&mut json, Json::Object(self.others.clone()));
        json
    }

    /// Sets a resource, in place of one of the same name.
    pub fn set(&mut self, id: impl Into<String>, place: Place, resource: Json) {
        let id = id.into();
        self.places.entry(id.clone()).or_insert(place);
        self.resources.insert(id, without_absent(resource));
    }

    /// Lays a resource over one of the same name.
    pub fn lay(&mut self, id: impl Into<String>, place: Place, resource: Json) {
        let id = id.into();
        self.places.entry(id.clone()).or_insert(place);
        merge(self.resources.entry(id).or_insert(Json::Null), without_absent(resource));
    }

    pub fn output(&mut self, id: impl Into<String>, output: Json) {
        self.outputs.insert(id.into(), output);
    }

    pub fn resource(&mut self, id: &str) -> Option<&mut Json> {
        self.resources.get_mut(id)
    }
}

/// What stands for JavaScript's `undefined`: a member with this value is not there. (Null is another thing: it is
/// written in a configuration, takes part in a function's hash, and is taken out of the properties at the end.)
pub fn absent() -> Json {
    Json::String(String::from("\u{0}absent"))
}

pub fn or_absent<T: Into<Json>>(value: Option<T>) -> Json {
    value.map_or_else(absent, Into::into)
}

fn without_absent(value: Json) -> Json {
    match value {
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .filter(|(_, value)| *value != absent())
                .map(|(key, value)| (key, without_absent(value)))
                .collect(),
        ),
        Json::Array(items) => {
            Json::Array(items.into_iter().filter(|item| *item != absent()).map(without_absent).collect())
        }
        other => other,
    }
}

/// lodash's `merge`.
pub fn merge(onto: &mut Json, from: Json) {
    match (onto, from) {
        (Json::Object(onto), Json::Object(from)) => {
            for (key, value) in from {
                match onto.get_mut(&key) {
                    Some(known) => merge(known, value),
                    None => {
                        onto.insert(key, value);
                    }
                }
            }
        }
        (Json::Array(onto), Json::Array(from)) => {
            for (index, value) in from.into_iter().enumerate() {
                match onto.get_mut(index) {
                    Some(known) => merge(known, value),
                    None => onto.push(value),
                }
            }
        }
        (onto, from) => *onto = from,
    }
}

/// `{"Fn::Join": ["", parts]}`.
pub fn join(parts: Json) -> Json {
    json!({"Fn::Join": ["", parts]})
}

pub fn reference(id: &str) -> Json {
    json!({"Ref": id})
}

pub fn attribute(id: &str, name: &str) -> Json {
    json!({"Fn::GetAtt": [id, name]})
}

/// `[{Key, Value}]` of an object.
pub fn tags(members: &Map<String, Json>) -> Json {
    members.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}
