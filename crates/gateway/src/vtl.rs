//! Mapping templates: the part of the Velocity Template Language that API Gateway's templates are written in
//! (Amazon API Gateway Developer Guide, "Mapping template transformations for REST APIs"; Velocity 1.7 User Guide).
//!
//! A template is parsed once, when its method is deployed, and rendered for each request against the exchange. Templates
//! are an API owner's code over a caller's data: rendering is bounded in steps, nesting and output.

pub mod ast;
pub mod eval;
pub mod expression;
pub mod input;
pub mod json_path;
pub mod methods;
pub mod parse;
pub mod util;
pub mod value;

use std::collections::BTreeMap;

use crate::payload::context::Exchange;

/// A parsed template.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    nodes: Vec<ast::Node>,
}

/// What a template is rendered over.
pub struct Surroundings<'a> {
    pub exchange: &'a Exchange<'a>,
    /// `$input.body`: the request's body, or the integration's answer.
    pub body: &'a str,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    pub text: String,
    /// What the template set under `$context.requestOverride` and `$context.responseOverride`:
    /// `responseOverride.header.X` → value.
    pub overrides: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TemplateError {
    pub line: usize,
    pub what: String,
}

/// A template of the largest size AWS takes (300 KB).
pub const TEMPLATE_LIMIT: usize = 300 * 1024;

impl Template {
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > TEMPLATE_LIMIT {
            let what = format!("a mapping template has at most {TEMPLATE_LIMIT} bytes");
            return Err(TemplateError { line: 1, what });
        }
        Ok(Self { nodes: parse::parse(text)? })
    }

    pub fn render<'a>(&self, surroundings: &'a Surroundings<'a>) -> Result<Rendered, String> {
        eval::render(&self.nodes, surroundings)
    }
}
