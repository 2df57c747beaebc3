//! Functions over text and lists: `Fn::Join`, `Fn::Sub`, `Fn::Split`, `Fn::Select`, `Fn::Base64`, `Fn::Length`,
//! `Fn::ToJsonString`.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    Evaluation, holds_unknown,
    references::{Piece, pieces},
    unknown,
};
use crate::template::Node;

impl Evaluation<'_> {
    pub(super) fn join(&mut self, argument: &Node) -> Option<Value> {
        let Some([delimiter, list]) = argument.as_list() else {
            return self.refuse(
                argument.span,
                "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined.",
            );
        };
        let Some(delimiter_text) = delimiter.as_text() else {
            return self.refuse(delimiter.span, "Template error: the delimiter of Fn::Join must be a string");
        };
        let items = match self.node(list) {
            Some(Value::Array(items)) => items,
            Some(value) if holds_unknown(&value) => return Some(unknown("Fn::Join")),
            _ => {
                return self
                    .refuse(list.span, "Template error: the second parameter of Fn::Join must be a list");
            }
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            match self.as_text(Some(item), list.span, "Fn::Join") {
                Ok(text) => texts.push(text),
                Err(answer) => return answer,
            }
        }
        Some(Value::String(texts.join(delimiter_text)))
    }

    pub(super) fn sub(&mut self, argument: &Node) -> Option<Value> {
        let (text, own) = match argument.as_list() {
            None => (argument, Default::default()),
            Some([text, own]) if own.as_map().is_some() => (text, own.as_map().unwrap_or_default()),
            Some(_) => {
                return self.refuse(argument.span, "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string");
            }
        };
        let Some(source) = text.as_text() else {
            return self.refuse(text.span, "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument");
        };
        let pieces = match pieces(source, text.span) {
            Ok(pieces) => pieces,
            Err(problem) => return self.refuse(problem.span, problem.message),
        };
        let mut whole = String::new();
        let mut not_known = false;
        for piece in pieces {
            let name = match piece {
                Piece::Literal(literal) => {
                    whole.push_str(literal);
                    continue;
                }
                Piece::Escaped(name) => {
                    whole.push_str("${");
                    whole.push_str(name);
                    whole.push('}');
                    continue;
                }
                Piece::Variable(name) => name,
            };
            let value = match (own.iter().find(|entry| entry.key == name), name.split_once('.')) {
                (Some(entry), _) => self.node(&entry.node),
                (None, Some((resource, attribute))) => self.attribute(resource, attribute, text.span),
                (None, None) => self.named(name, text.span),
            };
            match self.as_text(value, text.span, "Fn::Sub") {
                Ok(text) => whole.push_str(&text),
                Err(_) => not_known = true,
            }
        }
        Some(if not_known { unknown("Fn::Sub") } else { Value::String(whole) })
    }

    pub(super) fn split(&mut self, argument: &Node) -> Option<Value> {
        let Some([delimiter, source]) = argument.as_list() else {
            return self.refuse(argument.span, "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be split or a function that returns a string to be split.");
        };
        let Some(delimiter_text) = delimiter.as_text().filter(|text| !text.is_empty()) else {
            return self.refuse(
                delimiter.span,
                "Template error: the delimiter of Fn::Split must be a string that is not empty",
            );
        };
        let value = self.node(source);
        match self.as_text(value, source.span, "Fn::Split") {
            Ok(text) => Some(text.split(delimiter_text).map(Value::from).collect()),
            Err(answer) => answer,
        }
    }

    pub(super) fn select(&mut self, argument: &Node) -> Option<Value> {
        let Some([index, list]) = argument.as_list() else {
            return self.refuse(argument.span, "Template error: Fn::Select requires a list argument with two elements: an integer index and a list");
        };
        let index_value = self.node(index);
        let at = match self.as_text(index_value, index.span, "Fn::Select").map(|text| text.parse::<usize>()) {
            Ok(Ok(at)) => at,
            Ok(Err(_)) => {
                return self
                    .refuse(index.span, "Template error: the index of Fn::Select must be an integer from 0");
            }
            Err(answer) => return answer,
        };
        match self.node(list) {
            Some(Value::Array(items)) => match items.into_iter().nth(at) {
                Some(item) => Some(item),
                None => self.refuse(argument.span, format!("Template error: Fn::Select cannot select nonexistent value at index {at}")),
            },
            Some(value) if holds_unknown(&value) => Some(unknown("Fn::Select")),
            _ => self.refuse(list.span, "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"),
        }
    }

    pub(super) fn base64(&mut self, argument: &Node) -> Option<Value> {
        let value = self.node(argument);
        match self.as_text(value, argument.span, "Fn::Base64") {
            Ok(text) => Some(Value::String(STANDARD.encode(text))),
            Err(answer) => answer,
        }
    }

    pub(super) fn length(&mut self, argument: &Node) -> Option<Value> {
        match self.node(argument) {
            Some(Value::Array(items)) => Some(json!(items.len())),
            Some(value) if holds_unknown(&value) => Some(unknown("Fn::Length")),
            _ => self.refuse(argument.span, "Template error: Fn::Length requires a list"),
        }
    }

    pub(super) fn json_string(&mut self, argument: &Node) -> Option<Value> {
        match self.node(argument) {
            Some(value) if holds_unknown(&value) => Some(unknown("Fn::ToJsonString")),
            Some(value @ (Value::Array(_) | Value::Object(_))) => Some(Value::String(value.to_string())),
            _ => self.refuse(argument.span, "Template error: Fn::ToJsonString requires an object or a list"),
        }
    }
}
