//! A template's text as a tree that remembers where everything stood.

use serde_json::{Number, Value};

/// Line and column of a node's first character, both from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub line: usize,
    pub column: usize,
}

#[derive(Clone, Debug)]
pub struct Node {
    pub span: Span,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub node: Node,
}

impl Node {
    pub fn text(span: Span, text: impl Into<String>) -> Self {
        Self { span, content: Content::Text(text.into()) }
    }

    pub fn list(span: Span, items: Vec<Self>) -> Self {
        Self { span, content: Content::List(items) }
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn as_map(&self) -> Option<&[Entry]> {
        match &self.content {
            Content::Map(entries) => Some(entries),
            _ => None,
        }
    }

    pub fn member(&self, key: &str) -> Option<&Self> {
        self.as_map()?.iter().find(|entry| entry.key == key).map(|entry| &entry.node)
    }

    /// A scalar as CloudFormation writes it where it wants text: `5432` and `true` are texts too.
    pub fn scalar_text(&self) -> Option<String> {
        match &self.content {
            Content::Text(text) => Some(text.clone()),
            Content::Number(number) => Some(number.to_string()),
            Content::Bool(value) => Some(value.to_string()),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    }

    /// What stands there, for a message: `a list`, `a string`, …
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "null",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "a string",
            Content::List(_) => "a list",
            Content::Map(_) => "an object",
        }
    }

    /// The tree without its places, intrinsic functions as they are written.
    pub fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Content::Map(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_value())).collect(),
            ),
        }
    }
}
