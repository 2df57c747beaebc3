//! Policies: their language, and what they decide (AWS Identity and Access Management User Guide, "IAM JSON policy
//! reference" and "Policy evaluation logic").
//!
//! [`Policy::parse`] reads a document and refuses what AWS refuses; [`decide`] puts policies and a request together.

mod condition;
mod context;
mod decide;
mod managed;
mod parse;
mod pattern;
mod principals;

pub use context::Context;
pub use decide::{Decision, Denial, Policies, decide};
pub use managed::{MANAGED, Managed, managed};
pub use parse::{Kind, Malformed};
pub use principals::{Actor, Match};

pub(crate) use pattern::Pattern;

use condition::Condition;
use principals::Principals;

/// A document that was read and found right. Shared, not copied: see `cache`.
#[derive(Clone, Debug)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug)]
struct Statement {
    effect: Effect,
    /// Only in trust and resource policies.
    principals: Option<Principals>,
    /// `service:Name`, matched in any case.
    actions: Listed,
    /// Only trust policies have none: they are about the role they belong to.
    resources: Option<Listed>,
    conditions: Vec<Condition>,
}

/// `Action` or `NotAction`, `Resource` or `NotResource`.
#[derive(Clone, Debug)]
struct Listed {
    inverted: bool,
    patterns: Vec<Pattern>,
}

impl Listed {
    fn covers(&self, text: &str, context: &Context) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(text, context)) != self.inverted
    }
}

impl Statement {
    fn applies(&self, action: &str, resource: &str, context: &Context) -> bool {
        self.actions.covers(&action.to_ascii_lowercase(), context)
            && self.resources.as_ref().is_none_or(|resources| resources.covers(resource, context))
            && self.conditions.iter().all(|condition| condition.holds(context))
    }
}
