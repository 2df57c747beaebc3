//! The models' patterns: Java regular expressions that a whole value must match.

use std::{fmt, sync::OnceLock};

use regex::{Regex, RegexBuilder};

/// Compiled when it is first asked.
pub struct Pattern {
    java: &'static str,
    compiled: OnceLock<Option<Regex>>,
}

/// Patterns that look around, written without it. What stands in neither place is compiled as it is.
const REWRITTEN: [(&str, &str); 7] = [
    // A bucket's name does not end with a dot.
    (r"^[0-9A-Za-z\.\-_]*(?<!\.)$", r"(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?"),
    (r"[0-9A-Za-z\.\-_]*(?<!\.)", r"(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?"),
    // Not digits alone.
    (r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", r"[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*"),
    (r"((?!^\d+$)^[0-9a-zA-Z-_]+$)", r"[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*"),
    (
        r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?",
        r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-[0-9]:)?([0-9]{12}:)?(function:)?([a-zA-Z0-9_-]{1,64})(:[0-9]*[a-zA-Z_-][0-9a-zA-Z_-]*)?",
    ),
    // No two hyphens together. (IAM's alias also does not end with one, which the letter after a hyphen says.)
    (r"^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", r"[a-z0-9](?:-?[a-z0-9])+"),
    // A collection that is not the database's own: `$` is any character but that one.
    (r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)", NOT_EXPRESSED),
];

/// Marks a pattern that is left unchecked.
const NOT_EXPRESSED: &str = "";

impl Pattern {
    pub const fn new(java: &'static str) -> Self {
        Self { java, compiled: OnceLock::new() }
    }

    /// As the model, and a complaint, write it.
    pub const fn as_str(&self) -> &'static str {
        self.java
    }

    /// Whether all of `text` matches. A pattern that could not be expressed lets everything pass; the test below names
    /// the only one.
    pub fn matches(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| compile(self.java));
        compiled.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.java, formatter)
    }
}

fn compile(java: &str) -> Option<Regex> {
    let text = match REWRITTEN.iter().find(|(known, _)| *known == java) {
        Some((_, text)) if *text == NOT_EXPRESSED => return None,
        Some((_, text)) => (*text).to_owned(),
        None => translate(java),
    };
    RegexBuilder::new(&format!(r"\A(?:{text})\z")).size_limit(64 << 20).dfa_size_limit(256 << 10).build().ok()
}

/// Java's `\w`, `\s` and `\d` mean ASCII; here they would mean Unicode. A hyphen after a range (`[0-9-_]`) and brackets
/// within brackets are plain characters there.
fn translate(java: &str) -> String {
    let mut text = String::with_capacity(java.len() * 2);
    let mut letters = java.chars().peekable();
    let mut in_class = false;
    let mut after_range = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let escaped = letters.next().unwrap_or('\\');
                let ascii = match escaped {
                    'w' => Some("0-9A-Za-z_"),
                    's' => Some(r"\t\n\x0B\f\r "),
                    'd' => Some("0-9"),
                    _ => None,
                };
                match (escaped, ascii) {
                    (_, Some(ascii)) if in_class => text.push_str(ascii),
                    (_, Some(ascii)) => text.extend(["[", ascii, "]"]),
                    ('W', None) => text.push_str("[^0-9A-Za-z_]"),
                    ('S', None) => text.push_str(r"[^\t\n\x0B\f\r ]"),
                    ('D', None) => text.push_str("[^0-9]"),
                    ('/', None) => text.push('/'),
                    _ => text.extend(['\\', escaped]),
                }
                after_range = ascii.is_some();
            }
            '[' if in_class => text.push_str(r"\["),
            '[' => {
                in_class = true;
                text.push('[');
                if letters.next_if_eq(&'^').is_some() {
                    text.push('^');
                }
                if letters.next_if_eq(&'-').is_some() {
                    text.push_str(r"\-");
                }
                after_range = false;
            }
            ']' => {
                in_class = false;
                text.push(']');
            }
            '-' if in_class => {
                let ends = letters.peek().is_none_or(|next| *next == ']');
                if ends || after_range {
                    text.push_str(r"\-");
                    after_range = false;
                } else {
                    text.push('-');
                    // The range's end, unless it is an escape, which the next turn writes.
                    if let Some(end) = letters.next_if(|next| *next != '\\') {
                        if end == '[' {
                            text.push('\\');
                        }
                        text.push(end);
                    }
                    after_range = true;
                }
            }
            '&' | '~' | '#' if in_class => text.extend(['\\', letter]),
            _ => {
                after_range = false;
                text.push(letter);
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::shape::{Kind, Shape};

    fn patterns(
        shape: &'static Shape,
        seen: &mut BTreeSet<&'static str>,
        found: &mut BTreeSet<&'static str>,
    ) {
        if !seen.insert(shape.name) {
            return;
        }
        match &shape.kind {
            Kind::String { pattern: Some(pattern), .. } => drop(found.insert(pattern.as_str())),
            Kind::Structure { members, .. } => {
                members.iter().for_each(|member| patterns(member.shape, seen, found))
            }
            Kind::List { member, .. } => patterns(member, seen, found),
            Kind::Map { key, value, .. } => [key, value].iter().for_each(|of| patterns(of, seen, found)),
            _ => {}
        }
    }

    #[test]
    fn every_pattern_but_one_is_checked() {
        let mut found = BTreeSet::new();
        for service in crate::services() {
            let mut seen = BTreeSet::new();
            for operation in service.operations {
                operation.input.iter().for_each(|shape| patterns(shape, &mut seen, &mut found));
            }
        }
        let unchecked: Vec<_> = found.into_iter().filter(|java| compile(java).is_none()).collect();
        assert_eq!(unchecked, [r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)"]);
    }

    #[test]
    fn the_whole_value_must_match_and_words_are_ascii() {
        let pool = Pattern::new(r"[\w-]+_[0-9a-zA-Z]+");
        assert!(pool.matches("us-east-1_Ab3dEf9hI"));
        assert!(!pool.matches("us-east-1_Ab3dEf9hI "));
        assert!(!pool.matches("ü_a"));
        assert!(Pattern::new(r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+").matches("ünal@example.com"));
        assert!(!Pattern::new(r"[\S]+").matches("a b"));
        assert!(Pattern::new(r"[A-Za-z0-9-_+/=.]+").matches("-_+/=."));
        assert!(!Pattern::new(r"[A-Za-z0-9-_+/=.]+").matches(":"));
        assert!(Pattern::new(r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)").matches("1live"));
        assert!(!Pattern::new(r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)").matches("12"));
    }
}
