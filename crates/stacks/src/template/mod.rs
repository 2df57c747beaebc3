//! Templates: text → tree with places → sections, every structural problem named at once.
//!
//! Shapes after the AWS CloudFormation User Guide, "Template anatomy" and "Resource attribute reference".

mod json;
mod node;
pub mod problem;
mod sections;
mod yaml;

pub use node::{Content, Entry, Node, Span};
pub use problem::Problem;
pub use sections::{Output, Parameter, Policy, Resource, Template};

/// AWS's limit on a template given by URL; one in the request may have 51,200 bytes.
pub const MAX_TEMPLATE_BYTES: usize = 1_048_576;
pub const MAX_BODY_BYTES: usize = 51_200;
/// How deep lists and mappings may nest.
const MAX_DEPTH: usize = 100;

/// Reads JSON where the text begins with `{`, else YAML.
pub fn read(text: &str) -> Result<Node, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('{') { json::read(text) } else { yaml::read(text) }
}
