//! AWS query: a form in, XML out (Smithy, "AWS Query protocol").

use std::{borrow::Cow, collections::BTreeMap};

use base::AwsError;
use bytes::Bytes;
use facts::{
    OperationShape,
    shape::{Kind, Shape},
};
use http::{Response, header::CONTENT_TYPE, request};
use serde_json::{Map, Value};

use super::{text, unwritable, xml::Xml};

/// A request's parameters, from the body of a POST and the query of its address.
#[derive(Debug, Default)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    pub fn read(parts: &request::Parts, body: &Bytes) -> Result<Self, AwsError> {
        let query = parts.uri.query().unwrap_or_default();
        if std::str::from_utf8(body).is_err() {
            return Err(malformed("the request body is not valid UTF-8"));
        }
        let pairs = form_urlencoded::parse(query.as_bytes()).chain(form_urlencoded::parse(body));
        Ok(Self(
            pairs
                .map(|(name, value): (Cow<str>, Cow<str>)| (name.into_owned(), value.into_owned()))
                .collect(),
        ))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// What follows `prefix` in every name that begins with it.
    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded))
            .map_while(move |(name, _)| name.strip_prefix(prefix))
    }
}

pub fn decode(operation: &OperationShape, form: &Form) -> Result<Value, AwsError> {
    match operation.input {
        Some(shape) => structure(shape, form, ""),
        None => Ok(Value::Object(Map::new())),
    }
}

/// `prefix` ends with a dot, or is empty.
fn structure(shape: &Shape, form: &Form, prefix: &str) -> Result<Value, AwsError> {
    let mut members = Map::new();
    for member in shape.members() {
        if let Some(value) = value(member.shape, form, &format!("{prefix}{}", member.name))? {
            members.insert(member.name.to_owned(), value);
        }
    }
    Ok(Value::Object(members))
}

fn value(shape: &Shape, form: &Form, name: &str) -> Result<Option<Value>, AwsError> {
    let below = format!("{name}.");
    let there = form.below(&below).next().is_some();
    match &shape.kind {
        Kind::Structure { .. } if there => structure(shape, form, &below).map(Some),
        Kind::List { member, .. } if there => {
            // `Name.member.1`, or `Name.1` from older clients.
            let nested = format!("{below}member.");
            let prefix = if form.below(&nested).next().is_some() { &nested } else { &below };
            let places = places(form, prefix)?;
            let items = places.into_iter().map(|at| {
                value(member, form, &format!("{prefix}{at}")).map(|item| item.unwrap_or(Value::Null))
            });
            items.collect::<Result<_, _>>().map(Value::Array).map(Some)
        }
        Kind::Map { key, value: of, .. } if there => {
            let nested = format!("{below}entry.");
            let prefix = if form.below(&nested).next().is_some() { &nested } else { &below };
            let mut entries = Map::new();
            for at in places(form, prefix)? {
                let entry = value(key, form, &format!("{prefix}{at}.key"))?;
                if let Some(Value::String(entry)) = entry {
                    let value = value(of, form, &format!("{prefix}{at}.value"))?;
                    entries.insert(entry, value.unwrap_or(Value::Null));
                }
            }
            Ok(Some(Value::Object(entries)))
        }
        // An empty list is written as the bare name.
        Kind::List { .. } => Ok(form.get(name).map(|_| Value::Array(Vec::new()))),
        Kind::Structure { .. } | Kind::Map { .. } => Ok(form.get(name).map(|_| Value::Object(Map::new()))),
        _ => match form.get(name) {
            Some(text) => text::read(shape, text)
                .map(Some)
                .map_err(|wanted| malformed(format!("The parameter {name} must be {wanted}"))),
            None => Ok(None),
        },
    }
}

/// The numbers that stand behind `prefix`, in order. They need not be without gaps.
fn places(form: &Form, prefix: &str) -> Result<Vec<u32>, AwsError> {
    let mut places = Vec::new();
    for rest in form.below(prefix) {
        let number = rest.split('.').next().unwrap_or_default();
        let number =
            number.parse::<u32>().map_err(|_| malformed(format!("{prefix}{rest}: a number was expected")))?;
        if places.last() != Some(&number) {
            places.push(number);
        }
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

fn malformed(message: impl Into<String>) -> AwsError {
    AwsError::client("MalformedInput", message)
}

pub fn encode(
    operation: &OperationShape,
    request_id: &str,
    output: &Value,
) -> Result<Response<Bytes>, AwsError> {
    let name = format!("{}Response", operation.name);
    let mut xml = Xml::default();
    xml.open_with_namespace(&name, operation.service.namespace);
    if let Some(shape) = operation.output {
        if let Some(result) = operation.result {
            xml.open(result);
            xml.members(shape, output);
            xml.close(result);
        } else {
            xml.members(shape, output);
        }
    }
    xml.open("ResponseMetadata");
    xml.element("RequestId", request_id);
    xml.close("ResponseMetadata");
    xml.close(&name);
    Response::builder()
        .status(operation.status)
        .header(CONTENT_TYPE, "text/xml")
        .body(Bytes::from(xml.finish()))
        .map_err(unwritable)
}
