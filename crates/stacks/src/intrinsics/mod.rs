//! Intrinsic functions: a node of a template, in a scope, becomes a value.
//!
//! AWS CloudFormation User Guide, "Intrinsic function reference" and "Pseudo parameters reference". What a resource has
//! not told yet (its id while it is still to be made) is *unknown*: a marker that swallows every text it becomes part
//! of, so that a plan can be drawn before anything exists.

mod conditions;
mod lookups;
mod references;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

pub use conditions::evaluate_conditions;
pub use references::{Reference, Target, collect, intrinsic};

use crate::{
    parameters::ParameterValue,
    template::{Content, Node, Problem, Span, Template},
};

const UNKNOWN: &str = "Poolhouse::Unknown";

/// What stands for a value that is not known before the resource exists.
pub fn unknown(what: impl Into<String>) -> Value {
    json!({ UNKNOWN: what.into() })
}

pub fn is_unknown(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.contains_key(UNKNOWN))
}

/// Whether anything inside is unknown.
pub fn holds_unknown(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds_unknown),
        Value::Object(map) => map.contains_key(UNKNOWN) || map.values().any(holds_unknown),
        _ => false,
    }
}

/// `AWS::…` names.
#[derive(Clone, Debug)]
pub struct Pseudo {
    pub account_id: String,
    pub region: String,
    pub url_suffix: String,
    pub stack_id: String,
    pub stack_name: String,
    pub notification_arns: Vec<String>,
}

/// What a resource says of itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Lookup {
    Known(Value),
    /// Known, and to be kept from sight: a client secret.
    Secret(Value),
    Unknown,
    /// There is no such thing; why.
    Missing(String),
}

/// The resources as far as they are made.
pub trait Resources {
    fn reference(&self, logical_id: &str) -> Lookup;
    fn attribute(&self, logical_id: &str, attribute: &str) -> Lookup;
}

pub struct Scope<'a> {
    pub template: &'a Template,
    pub parameters: &'a BTreeMap<String, ParameterValue>,
    pub pseudo: &'a Pseudo,
    pub conditions: &'a BTreeMap<String, bool>,
    pub resources: &'a dyn Resources,
    /// Exports of other stacks by name.
    pub exports: &'a BTreeMap<String, String>,
}

/// One walk over a node. Problems pile up instead of ending it.
pub struct Evaluation<'a> {
    scope: &'a Scope<'a>,
    pub problems: Vec<Problem>,
    /// JSON pointers of what was made from a secret.
    pub secrets: Vec<String>,
    /// Names of exports that were asked for, whether there or not.
    pub imports: BTreeSet<String>,
    path: Vec<String>,
    inside_function: usize,
    secret_touched: bool,
}

impl<'a> Evaluation<'a> {
    pub fn new(scope: &'a Scope<'a>) -> Self {
        Self {
            scope,
            problems: Vec::new(),
            secrets: Vec::new(),
            imports: BTreeSet::new(),
            path: Vec::new(),
            inside_function: 0,
            secret_touched: false,
        }
    }

    /// `None` is `AWS::NoValue`: the property is not there.
    pub fn node(&mut self, node: &Node) -> Option<Value> {
        if let Some((function, argument)) = intrinsic(node) {
            return self.function(function, argument, node.span);
        }
        match &node.content {
            Content::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    self.path.push(at.to_string());
                    values.extend(self.node(item));
                    self.path.pop();
                }
                Some(Value::Array(values))
            }
            Content::Map(entries) => {
                let mut map = Map::new();
                for entry in entries {
                    self.path.push(entry.key.replace('~', "~0").replace('/', "~1"));
                    if let Some(value) = self.node(&entry.node) {
                        map.insert(entry.key.clone(), value);
                    }
                    self.path.pop();
                }
                Some(Value::Object(map))
            }
            _ => Some(node.to_value()),
        }
    }

    fn function(&mut self, function: &str, argument: &Node, span: Span) -> Option<Value> {
        let touched_before = std::mem::take(&mut self.secret_touched);
        self.inside_function += 1;
        let result = match function {
            "Ref" => self.reference(argument),
            "Fn::GetAtt" => self.get_att(argument),
            "Fn::FindInMap" => self.find_in_map(argument),
            "Fn::ImportValue" => self.import_value(argument),
            "Fn::GetAZs" => self.get_azs(argument),
            "Fn::Join" => self.join(argument),
            "Fn::Sub" => self.sub(argument),
            "Fn::Split" => self.split(argument),
            "Fn::Select" => self.select(argument),
            "Fn::Base64" => self.base64(argument),
            "Fn::Length" => self.length(argument),
            "Fn::ToJsonString" => self.json_string(argument),
            "Fn::If" => self.fn_if(argument),
            "Condition" | "Fn::Equals" | "Fn::And" | "Fn::Or" | "Fn::Not" => self.refuse(
                span,
                format!("Template error: {function} is a condition function: it may stand in Conditions and in Fn::If only"),
            ),
            other => self.refuse(span, format!("Template error: {other} is not supported here")),
        };
        self.inside_function -= 1;
        if self.secret_touched && self.inside_function == 0 {
            self.secrets.push(self.path.iter().fold(String::new(), |path, part| path + "/" + part));
        }
        self.secret_touched |= touched_before;
        result
    }

    /// Notes the problem and goes on with an unknown value.
    fn refuse(&mut self, span: Span, message: impl Into<String>) -> Option<Value> {
        self.problems.push(Problem::new(span, message));
        Some(unknown("invalid"))
    }

    /// A value as text; `Err` is what to return at once: the unknown, or the complaint.
    fn as_text(&mut self, value: Option<Value>, span: Span, function: &str) -> Result<String, Option<Value>> {
        match value {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(value)) => Ok(value.to_string()),
            Some(value) if holds_unknown(&value) => Err(Some(value)),
            Some(_) | None => Err(self.refuse(
                span,
                format!("Template error: every {function} object must have text where this stands"),
            )),
        }
    }
}

#[cfg(test)]
mod tests;
