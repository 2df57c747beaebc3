//! Filter patterns (CloudWatch Logs User Guide, "Filter pattern syntax"): terms, `"quoted phrases"`, `?any ?of`,
//! `-without`, and JSON conditions `{ ($.level = "error" && $.latency >= 100) || $.user.id NOT EXISTS }`.
//! Space-delimited patterns `[…]` and regular expressions `%…%` are refused by name.

mod condition;

use serde_json::Value;

use condition::{condition, unquoted};

#[derive(Debug, PartialEq)]
pub enum Pattern {
    Terms { all: Vec<String>, any: Vec<String>, none: Vec<String> },
    Json(Condition),
}

#[derive(Debug, PartialEq)]
pub enum Condition {
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Is(Vec<Step>, Test),
}

#[derive(Debug, PartialEq)]
pub enum Step {
    Member(String),
    At(usize),
}

#[derive(Debug, PartialEq)]
pub enum Test {
    Text { equal: bool, pattern: String },
    Number(Comparison, f64),
    True,
    False,
    Null,
    Exists(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > 1024 {
            return Err(String::from("longer than 1024 characters"));
        }
        if text.starts_with('[') {
            return Err(String::from("space-delimited patterns [...] are not supported here"));
        }
        if let Some(inner) = text.strip_prefix('{') {
            let inner = inner.strip_suffix('}').ok_or("a JSON pattern ends with }")?;
            return condition(inner).map(Self::Json);
        }
        let (mut all, mut any, mut none) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = text;
        while !rest.is_empty() {
            let list = match rest.as_bytes()[0] {
                b'?' => &mut any,
                b'-' => &mut none,
                _ => &mut all,
            };
            rest = rest.strip_prefix(['?', '-']).unwrap_or(rest);
            if rest.starts_with('%') {
                return Err(String::from("regular expressions %...% are not supported here"));
            }
            let (term, after) = match rest.strip_prefix('"') {
                Some(quoted) => unquoted(quoted)?,
                None => {
                    let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            if !term.is_empty() {
                list.push(term);
            }
            rest = after.trim_start();
        }
        Ok(Self::Terms { all, any, none })
    }

    pub fn matches(&self, message: &str) -> bool {
        match self {
            // Beside other terms, the optional ones do not count.
            Self::Terms { all, any, none } => {
                all.iter().all(|term| message.contains(term.as_str()))
                    && !none.iter().any(|term| message.contains(term.as_str()))
                    && (any.is_empty()
                        || !all.is_empty()
                        || !none.is_empty()
                        || any.iter().any(|term| message.contains(term.as_str())))
            }
            Self::Json(condition) => serde_json::from_str(message)
                .is_ok_and(|value: Value| value.is_object() && condition.holds(&value)),
        }
    }
}

impl Condition {
    fn holds(&self, value: &Value) -> bool {
        match self {
            Self::And(left, right) => left.holds(value) && right.holds(value),
            Self::Or(left, right) => left.holds(value) || right.holds(value),
            Self::Is(path, test) => {
                let found = path.iter().try_fold(value, |value, step| match step {
                    Step::Member(name) => value.get(name),
                    Step::At(index) => value.get(index),
                });
                test.holds(found)
            }
        }
    }
}

impl Test {
    fn holds(&self, found: Option<&Value>) -> bool {
        let Some(value) = found else { return *self == Self::Exists(false) };
        match self {
            Self::Exists(wanted) => *wanted,
            Self::Null => value.is_null(),
            Self::True => *value == Value::Bool(true),
            Self::False => *value == Value::Bool(false),
            Self::Text { equal, pattern } => {
                let text = match value {
                    Value::String(text) => text.clone(),
                    Value::Number(number) => number.to_string(),
                    Value::Bool(truth) => truth.to_string(),
                    _ => return false,
                };
                fits(pattern, &text) == *equal
            }
            Self::Number(comparison, number) => {
                let Some(value) = value.as_f64() else { return *comparison == Comparison::NotEqual };
                match comparison {
                    Comparison::Equal => value == *number,
                    Comparison::NotEqual => value != *number,
                    Comparison::Less => value < *number,
                    Comparison::LessOrEqual => value <= *number,
                    Comparison::Greater => value > *number,
                    Comparison::GreaterOrEqual => value >= *number,
                }
            }
        }
    }
}

/// `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, message: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(message)
    }

    #[test]
    fn terms() {
        assert!(matches("", "anything"));
        assert!(matches("ERROR", "an ERROR here"));
        assert!(!matches("ERROR", "an error here"));
        assert!(matches("ERROR timeout", "timeout: ERROR"));
        assert!(!matches("ERROR timeout", "ERROR"));
        assert!(matches("ERROR -timeout", "ERROR"));
        assert!(!matches("ERROR -timeout", "ERROR timeout"));
        assert!(matches("?ERROR ?WARN", "WARN"));
        assert!(!matches("?ERROR ?WARN", "INFO"));
        assert!(matches("\"two words\"", "here two words stand"));
        assert!(!matches("\"two words\"", "words two"));
        assert!(matches("-\"two words\"", "words two"));
    }

    #[test]
    fn json() {
        let message = r#"{"level":"error","latency":120,"user":{"id":null,"ok":true},"list":["a"]}"#;
        for pattern in [
            r#"{ $.level = "error" }"#,
            "{ $.level = err* }",
            "{ $.level != warn }",
            "{ $.latency >= 120 && $.latency < 121 }",
            r#"{ ($.level = "warn" || $.user.ok IS TRUE) && $.list[0] = "a" }"#,
            "{ $.user.id IS NULL }",
            "{ $.absent NOT EXISTS }",
        ] {
            assert!(matches(pattern, message), "{pattern}");
        }
        for pattern in
            ["{ $.level = warn }", "{ $.latency > 120 }", "{ $.absent = 1 }", "{ $.user.ok IS FALSE }"]
        {
            assert!(!matches(pattern, message), "{pattern}");
        }
        assert!(!matches("{ $.level = error }", "not json"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for pattern in ["{ $.a = ", "{ a = 1 }", "\"open", "[a, b]", "%x%", "{ ($.a = 1 }", "{ $.a > x }"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
        assert!(Pattern::parse(&"{(".repeat(500)).is_err());
    }
}
