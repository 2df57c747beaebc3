//! Reading properties, and handing them on to a service's own operations.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Context, Failure};
use crate::schema::Complaint;

pub fn text<'a>(properties: &'a Value, name: &str) -> Option<&'a str> {
    properties.get(name).and_then(Value::as_str)
}

/// A property that the schema requires.
pub fn required<'a>(service: &'static str, properties: &'a Value, name: &str) -> Result<&'a str, Failure> {
    text(properties, name)
        .ok_or_else(|| Failure::invalid(service, format!("required key [{name}] not found")))
}

/// The name the template gives, else the one that was drawn.
pub fn name<'a>(
    service: &'static str,
    context: &'a Context,
    properties: &'a Value,
    property: &str,
) -> Result<&'a str, Failure> {
    let given = text(properties, property).or(context.name.as_deref());
    given.ok_or_else(|| {
        Failure::internal(service, format!("no {property} was drawn for {}", context.logical_id))
    })
}

/// An id that was drawn before the resource is made.
pub fn drawn<'a>(service: &'static str, context: &'a Context) -> Result<&'a str, Failure> {
    let drawn = context.name.as_deref();
    drawn.ok_or_else(|| Failure::internal(service, format!("no id was drawn for {}", context.logical_id)))
}

/// The members of `names` that are there, under their own names.
pub fn picked(properties: &Value, names: &[&str]) -> Map<String, Value> {
    let there = names.iter().filter_map(|name| Some(((*name).to_owned(), properties.get(*name)?.clone())));
    there.collect()
}

/// As one of a service's own structures, whose members are named as the properties are.
pub fn definition<T: DeserializeOwned>(service: &'static str, properties: &Value) -> Result<T, Failure> {
    serde_json::from_value(properties.clone()).map_err(|cause| Failure::invalid(service, cause.to_string()))
}

/// `[{Key, Value}]` as a map.
pub fn tag_list(properties: &Value, name: &str) -> BTreeMap<String, String> {
    let tags = properties.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    tags.iter()
        .filter_map(|tag| Some((text(tag, "Key")?.to_owned(), text(tag, "Value")?.to_owned())))
        .collect()
}

/// `{key: value}` as a map of texts.
pub fn tag_map(properties: &Value, name: &str) -> BTreeMap<String, String> {
    let tags = properties.get(name).and_then(Value::as_object);
    let texts = tags.into_iter().flatten();
    texts.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The stack's tags, the resource's own over them, and those that say whose it is.
pub fn all_tags(context: &Context, own: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut tags = context.tags.clone();
    tags.extend(own);
    tags.insert(String::from("aws:cloudformation:stack-name"), context.stack_name.clone());
    tags.insert(String::from("aws:cloudformation:stack-id"), context.stack_id.clone());
    tags.insert(String::from("aws:cloudformation:logical-id"), context.logical_id.clone());
    tags
}

/// Whether tags of an existing resource say that it is this one: it was made by an attempt that did not get to say so.
pub fn is_ours(context: &Context, tags: &BTreeMap<String, String>) -> bool {
    tags.get("aws:cloudformation:stack-id") == Some(&context.stack_id)
        && tags.get("aws:cloudformation:logical-id") == Some(&context.logical_id)
}

/// A complaint about each property that is there and not among `supported`.
pub fn refuse_others(properties: &Value, supported: &[&str]) -> Vec<Complaint> {
    let names = properties.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    names
        .into_iter()
        .filter(|name| !supported.contains(&name.as_str()))
        .map(|name| Complaint {
            message: format!("#/{name}: this property is not supported by this server"),
            path: vec![name],
        })
        .collect()
}

/// A complaint about one property, somewhere below.
pub fn refuse(path: &[&str], why: &str) -> Complaint {
    Complaint {
        path: path.iter().map(|step| (*step).to_owned()).collect(),
        message: format!("#/{}: {why}", path.join("/")),
    }
}

pub fn object(members: Vec<(&str, Value)>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
