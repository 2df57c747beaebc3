//! What a configuration may say: shapes, and the check that holds a document to them.
//!
//! As in the Serverless Framework v3, what is nearly right is set right in place (`timeout: "10"` becomes a number, one
//! word where a list is expected becomes a list of one), null counts as not written, and a key that nobody reads is a
//! warning. What cannot be read as what it should be is an error, at its line.

mod events;
mod http;
mod nearest;
mod provider;
mod tables;

pub use events::{Event, EventKind, events};
pub use tables::SERVICE;

use serde_json::Number;

use crate::{
    diagnostics::Diagnostic,
    node::{Node, Value},
};

#[derive(Debug)]
pub enum Shape {
    Any,
    Text,
    /// Text that a function accepts; the words say what is expected.
    Fitting(fn(&str) -> bool, &'static str),
    Flag,
    /// A whole number from … to ….
    Integer(i64, i64),
    OneOf(&'static [&'static str]),
    /// The same, written in capitals or not.
    OneOfAnyCase(&'static [&'static str]),
    List(&'static Shape),
    /// An object with keys of one's own choice.
    Named(&'static Shape),
    Object(&'static Object),
    /// `{Ref: …}`, `{Fn::GetAtt: …}` and the like.
    Function,
    Either(&'static [Shape]),
}

#[derive(Debug)]
pub struct Object {
    /// What it is, for messages: "a function", "the provider".
    pub what: &'static str,
    pub fields: &'static [Field],
}

#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub support: Support,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Support {
    Yes,
    Required,
    /// Read by the Serverless Framework, of no use here: a warning with the reason.
    Ignored(&'static str),
    /// Not built: an error with the reason.
    No(&'static str),
}

/// A field that is read.
pub const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, support: Support::Yes }
}

pub const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, support: Support::Required }
}

pub const fn ignored(name: &'static str, reason: &'static str) -> Field {
    Field { name, shape: Shape::Any, support: Support::Ignored(reason) }
}

pub const fn unsupported(name: &'static str, reason: &'static str) -> Field {
    Field { name, shape: Shape::Any, support: Support::No(reason) }
}

/// Holds `node` to `shape`, setting right what is nearly right. `path` is where it stands, for messages.
pub fn check(shape: &Shape, node: &mut Node, path: &str, problems: &mut Vec<Diagnostic>) {
    if node.is_null() || node.is_broken() {
        return;
    }
    coerce(shape, node);
    let fits = match (shape, &mut node.value) {
        (Shape::Any, _) | (Shape::Text, Value::Text(_)) | (Shape::Flag, Value::Bool(_)) => true,
        (Shape::Fitting(fits, _), Value::Text(text)) => fits(text),
        (Shape::Integer(from, to), Value::Number(number)) => {
            number.as_i64().is_some_and(|number| (*from..=*to).contains(&number))
        }
        (Shape::OneOf(words), Value::Text(text)) => words.contains(&text.as_str()),
        (Shape::OneOfAnyCase(words), Value::Text(text)) => {
            words.iter().any(|word| word.eq_ignore_ascii_case(text))
        }
        (Shape::List(item), Value::List(items)) => {
            for (index, node) in items.iter_mut().enumerate() {
                check(item, node, &format!("{path}[{index}]"), problems);
            }
            true
        }
        (Shape::Named(inner), Value::Map(map)) => {
            for entry in &mut map.entries {
                check(inner, &mut entry.value, &join(path, &entry.key), problems);
            }
            true
        }
        (Shape::Object(object), Value::Map(_)) => {
            check_object(object, node, path, problems);
            true
        }
        (Shape::Function, _) => is_function(node),
        (Shape::Either(shapes), _) => return check_either(shapes, node, path, problems),
        _ => false,
    };
    if !fits {
        problems.push(misfit(shape, node, path));
    }
}

fn check_object(object: &Object, node: &mut Node, path: &str, problems: &mut Vec<Diagnostic>) {
    let place = node.place;
    let Value::Map(map) = &mut node.value else { return };
    for wanted in object.fields.iter().filter(|field| field.support == Support::Required) {
        let there = map.get(wanted.name).is_some_and(|node| !node.is_null());
        if !there {
            let message = format!("{} needs '{}'", describe(object, path), wanted.name);
            problems.push(Diagnostic::error(place, message));
        }
    }
    for entry in &mut map.entries {
        let inner = join(path, &entry.key);
        let Some(field) = object.fields.iter().find(|field| field.name == entry.key) else {
            let message =
                format!("'{}' is not known in {} and is not read", entry.key, describe(object, path));
            let mut warning = Diagnostic::warning(entry.key_place, message);
            let names = object.fields.iter().map(|field| field.name);
            if let Some(name) = nearest::nearest(&entry.key, names) {
                warning = warning.help(format!("did you mean '{name}'?"));
            }
            problems.push(warning);
            continue;
        };
        if entry.value.is_null() {
            continue;
        }
        match field.support {
            Support::Yes | Support::Required => check(&field.shape, &mut entry.value, &inner, problems),
            Support::Ignored(reason) => problems.push(Diagnostic::warning(
                entry.key_place,
                format!("'{inner}' has no effect here: {reason}"),
            )),
            Support::No(reason) => problems
                .push(Diagnostic::error(entry.key_place, format!("'{inner}' is not supported: {reason}"))),
        }
    }
}

/// The first alternative that fits without a complaint; otherwise the complaints of the one that is of the same kind.
fn check_either(shapes: &[Shape], node: &mut Node, path: &str, problems: &mut Vec<Diagnostic>) {
    let mut of_kind = None;
    for shape in shapes {
        let mut attempt = node.clone();
        let mut complaints = Vec::new();
        check(shape, &mut attempt, path, &mut complaints);
        if complaints.is_empty() {
            *node = attempt;
            return;
        }
        if of_kind.is_none() && is_of_kind(shape, node) {
            of_kind = Some((attempt, complaints));
        }
    }
    match of_kind {
        Some((attempt, complaints)) => {
            *node = attempt;
            problems.extend(complaints);
        }
        None => {
            let words = shapes.iter().map(expected).collect::<Vec<_>>().join(", or ");
            problems.push(Diagnostic::error(
                node.place,
                format!("'{path}' is {}, expected {words}", found(node)),
            ));
        }
    }
}

fn is_of_kind(shape: &Shape, node: &Node) -> bool {
    match (shape, &node.value) {
        (Shape::Object(_) | Shape::Named(_), Value::Map(_)) => !is_function(node),
        (Shape::List(_), Value::List(_)) => true,
        _ => false,
    }
}

/// AJV's coercions, which the Serverless Framework switches on.
fn coerce(shape: &Shape, node: &mut Node) {
    let is_text =
        matches!(shape, Shape::Text | Shape::Fitting(..) | Shape::OneOf(_) | Shape::OneOfAnyCase(_));
    match (&mut node.value, shape) {
        (Value::List(items), _)
            if items.len() == 1 && (is_text || matches!(shape, Shape::Flag | Shape::Integer(..))) =>
        {
            if let Some(only) = items.pop() {
                *node = only;
                coerce(shape, node);
            }
        }
        (Value::Number(number), _) if is_text => node.value = Value::Text(number.to_string()),
        (Value::Bool(flag), _) if is_text => node.value = Value::Text(flag.to_string()),
        (Value::Text(text), Shape::Flag) if text == "true" || text == "false" => {
            node.value = Value::Bool(text == "true");
        }
        (Value::Text(text), Shape::Integer(..)) => {
            if let Ok(number) = text.trim().parse::<i64>() {
                node.value = Value::Number(Number::from(number));
            }
        }
        (Value::Text(_) | Value::Number(_) | Value::Bool(_), Shape::List(_)) => {
            let only = node.clone();
            node.value = Value::List(vec![only]);
        }
        _ => {}
    }
}

/// An object that CloudFormation replaces by a value.
pub fn is_function(node: &Node) -> bool {
    node.as_map().is_some_and(|map| match map.entries.as_slice() {
        [only] => only.key == "Ref" || only.key.starts_with("Fn::"),
        _ => false,
    })
}

fn misfit(shape: &Shape, node: &Node, path: &str) -> Diagnostic {
    let message = format!("'{path}' is {}, expected {}", found(node), expected(shape));
    let diagnostic = Diagnostic::error(node.place, message);
    match (shape, node.as_text()) {
        (Shape::OneOf(words) | Shape::OneOfAnyCase(words), Some(text)) => {
            match nearest::nearest(text, words.iter().copied()) {
                Some(word) => diagnostic.help(format!("did you mean '{word}'?")),
                None => diagnostic,
            }
        }
        _ => diagnostic,
    }
}

fn found(node: &Node) -> String {
    match &node.value {
        Value::Text(text) if text.chars().count() <= 60 && !text.contains('\n') => {
            format!("the text '{text}'")
        }
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(flag) => flag.to_string(),
        Value::Map(_) if is_function(node) => String::from("a CloudFormation function"),
        _ => node.kind().to_owned(),
    }
}

fn expected(shape: &Shape) -> String {
    match shape {
        Shape::Any => String::from("anything"),
        Shape::Text => String::from("text"),
        Shape::Fitting(_, words) => (*words).to_owned(),
        Shape::Flag => String::from("true or false"),
        Shape::Integer(from, i64::MAX) => format!("a whole number from {from}"),
        Shape::Integer(from, to) => format!("a whole number from {from} to {to}"),
        Shape::OneOf(words) | Shape::OneOfAnyCase(words) => match words {
            [only] => format!("'{only}'"),
            _ => format!("one of {}", words.join(", ")),
        },
        Shape::List(_) => String::from("a list"),
        Shape::Named(_) => String::from("an object"),
        Shape::Object(object) => format!("{} (an object)", object.what),
        Shape::Function => String::from("a CloudFormation function"),
        Shape::Either(shapes) => shapes.iter().map(expected).collect::<Vec<_>>().join(", or "),
    }
}

fn describe(object: &Object, path: &str) -> String {
    if path.is_empty() { object.what.to_owned() } else { format!("'{path}'") }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
