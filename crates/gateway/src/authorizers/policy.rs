//! The policies that the gateway itself asks: what a lambda authorizer answered, and an API's resource policy.

use serde_json::Value;

use crate::payload::context::Exchange;

/// The one action of a deployed API.
pub const INVOKE: &str = "execute-api:Invoke";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// A statement says no.
    Denied,
    /// No statement says yes.
    Silent,
}

#[derive(Clone, Debug)]
pub struct Policy {
    statements: Vec<Statement>,
}

#[derive(Clone, Debug)]
struct Statement {
    allows: bool,
    actions: Matches,
    resources: Matches,
    conditional: bool,
}

#[derive(Clone, Debug)]
enum Matches {
    Any(Vec<String>),
    NoneOf(Vec<String>),
}

impl Policy {
    /// A policy that goes with a caller: it names no principal.
    pub fn identity(document: &Value) -> Result<Self, String> {
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => {
                statements.iter().map(Statement::read).collect::<Result<_, _>>()?
            }
            Some(statement @ Value::Object(_)) => vec![Statement::read(statement)?],
            _ => return Err(String::from("no Statement")),
        };
        Ok(Self { statements })
    }

    /// An API's own policy.
    pub fn resource(document: &Value) -> Result<Self, String> {
        Self::identity(document)
    }

    pub fn decide(&self, resource: &str, _exchange: &Exchange<'_>) -> Decision {
        let mut decision = Decision::Silent;
        for statement in &self.statements {
            if !statement.actions.matches(INVOKE) || !statement.resources.matches(resource) {
                continue;
            }
            if !statement.allows {
                return Decision::Denied;
            }
            if !statement.conditional {
                decision = Decision::Allowed;
            }
        }
        decision
    }
}

impl Statement {
    fn read(statement: &Value) -> Result<Self, String> {
        let allows = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(String::from("Effect is neither Allow nor Deny")),
        };
        Ok(Self {
            allows,
            actions: Matches::read(statement, "Action", "NotAction")?,
            resources: Matches::read(statement, "Resource", "NotResource")?,
            conditional: statement.get("Condition").is_some(),
        })
    }
}

impl Matches {
    fn read(statement: &Value, positive: &str, negative: &str) -> Result<Self, String> {
        let list = |value: &Value| match value {
            Value::String(text) => Ok(vec![text.clone()]),
            Value::Array(items) => {
                items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or(())
            }
            _ => Err(()),
        };
        let found = match (statement.get(positive), statement.get(negative)) {
            (Some(value), None) => list(value).map(Self::Any),
            (None, Some(value)) => list(value).map(Self::NoneOf),
            _ => Err(()),
        };
        found.map_err(|()| format!("a statement needs {positive} or {negative}"))
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any(patterns) => patterns.iter().any(|pattern| wildcard(pattern, text)),
            Self::NoneOf(patterns) => !patterns.iter().any(|pattern| wildcard(pattern, text)),
        }
    }
}

/// `*` is any text, `?` any one character.
fn wildcard(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from, mut star) = (0, 0, None);
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(character) if *character == '?' || *character == text[from] => {
                at += 1;
                from += 1;
            }
            _ => match star {
                Some((star_at, star_from)) => {
                    at = star_at + 1;
                    from = star_from + 1;
                    star = Some((star_at, star_from + 1));
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|character| *character == '*')
}
