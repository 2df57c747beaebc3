//! Texts with wildcards and policy variables ("IAM policy elements: Variables and tags").

use super::Context;

#[derive(Clone, Debug)]
pub(crate) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(char),
    /// `?`
    One,
    /// `*`, any number of characters.
    Any,
    /// `*` inside of an ARN's segment: not beyond the next colon.
    AnyWithinSegment,
    /// `${aws:username}`, `${aws:username, 'nobody'}`
    Variable {
        key: String,
        default: Option<String>,
    },
}

impl Pattern {
    /// Plain text with `*` and `?`, for condition values. `variables` is what `Version` 2012-10-17 brings.
    pub(crate) fn text(text: &str, variables: bool) -> Self {
        Self(parts(text, variables))
    }

    /// Of a text without wildcards: `StringEquals` knows variables, and stars are stars.
    pub(crate) fn literal(text: &str, variables: bool) -> Self {
        let literal = |part| match part {
            Part::One => Part::Literal('?'),
            Part::Any => Part::Literal('*'),
            other => other,
        };
        Self(parts(text, variables).into_iter().map(literal).collect())
    }

    /// Names of actions and keys: matched in lower case.
    pub(crate) fn name(text: &str) -> Self {
        Self(parts(&text.to_ascii_lowercase(), false))
    }

    /// An ARN. A star at the end of a segment reaches beyond colons, one before other characters does not ("IAM JSON
    /// policy elements: Resource").
    pub(crate) fn arn(text: &str, variables: bool) -> Self {
        let mut parts = parts(text, variables);
        for at in 0..parts.len() {
            let last = parts.get(at + 1).is_none_or(|next| *next == Part::Literal(':'));
            if parts[at] == Part::Any && !last {
                parts[at] = Part::AnyWithinSegment;
            }
        }
        Self(parts)
    }

    /// An ARN in a condition, whose six components are matched one by one: only in the last one, which may have colons of
    /// its own, a star reaches beyond a colon ("Amazon Resource Name (ARN) condition operators").
    pub(crate) fn arn_by_component(text: &str, variables: bool) -> Self {
        let mut parts = parts(text, variables);
        let colons = parts.iter().enumerate().filter(|(_, part)| **part == Part::Literal(':'));
        let colons: Vec<usize> = colons.map(|(at, _)| at).collect();
        // What is not an ARN and has stars, such as `*` alone, is a text; one with too few components matches no ARN.
        let last = if colons.is_empty() { 0 } else { colons.get(4).copied().unwrap_or(parts.len()) };
        for part in parts.iter_mut().take(last).filter(|part| **part == Part::Any) {
            *part = Part::AnyWithinSegment;
        }
        Self(parts)
    }

    /// A variable that has no value, or more than one, matches nothing.
    pub(crate) fn matches(&self, text: &str, context: &Context) -> bool {
        self.expanded(context).is_some_and(|parts| matches(&parts, text))
    }

    /// The text of a pattern without wildcards, variables filled in.
    pub(crate) fn filled_in(&self, context: &Context) -> Option<String> {
        let literal = |part: Part| match part {
            Part::Literal(letter) => Some(letter),
            _ => None,
        };
        self.expanded(context)?.into_iter().map(literal).collect()
    }

    fn expanded(&self, context: &Context) -> Option<Vec<Part>> {
        let mut expanded = Vec::with_capacity(self.0.len());
        for part in &self.0 {
            match part {
                Part::Variable { key, default } => {
                    let value = match context.values(key) {
                        Some([value]) => value,
                        Some(_) => return None,
                        None => default.as_ref()?,
                    };
                    expanded.extend(value.chars().map(Part::Literal));
                }
                other => expanded.push(other.clone()),
            }
        }
        Some(expanded)
    }
}

fn parts(text: &str, variables: bool) -> Vec<Part> {
    let mut parts = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let reference = rest.strip_prefix("${").filter(|_| variables).and_then(|rest| rest.split_once('}'));
        if let Some((inside, after)) = reference {
            parts.push(variable(inside));
            rest = after;
            continue;
        }
        parts.push(match letter {
            '*' => Part::Any,
            '?' => Part::One,
            other => Part::Literal(other),
        });
        rest = &rest[letter.len_utf8()..];
    }
    parts
}

fn variable(inside: &str) -> Part {
    match inside {
        // How a star, a question mark or a dollar sign is written where it means itself.
        "*" => Part::Literal('*'),
        "?" => Part::Literal('?'),
        "$" => Part::Literal('$'),
        _ => {
            let (key, default) = match inside.split_once(',') {
                Some((key, default)) => (key, Some(default.trim().trim_matches('\'').to_owned())),
                None => (inside, None),
            };
            Part::Variable { key: key.trim().to_ascii_lowercase(), default }
        }
    }
}

/// For each number of characters consumed, whether the parts so far can consume exactly that many.
fn matches(parts: &[Part], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for part in parts {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let stepped = |fits: bool| at > 0 && reached[at - 1] && fits;
            let before = at.checked_sub(1).map(|index| text[index]);
            next[at] = match part {
                Part::Literal(letter) => stepped(before == Some(*letter)),
                Part::One => stepped(before.is_some()),
                Part::Any => reached[at] || (at > 0 && next[at - 1]),
                Part::AnyWithinSegment => reached[at] || (at > 0 && next[at - 1] && before != Some(':')),
                Part::Variable { .. } => false,
            };
        }
        reached = next;
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> Context {
        Context::default().with("aws:username", "a*b").with("aws:tags", "x").and("aws:tags", "y")
    }

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("*", "anything:at/all", true),
            ("a*c", "abbbc", true),
            ("a*c", "ab", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("", "", true),
            ("", "a", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b*", "xxbxxaxx", false),
            ("grüße*", "grüße aus", true),
        ] {
            assert_eq!(Pattern::text(pattern, true).matches(text, &context()), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn stars_in_arns_stop_at_colons_unless_they_end_a_segment() {
        let function = "arn:aws:lambda:us-east-1:000000000000:function:hello:1";
        for (pattern, expected) in [
            ("arn:aws:lambda:us-east-1:000000000000:function:hello:1", true),
            ("arn:aws:lambda:*:*:function:hello:*", true),
            ("arn:aws:lambda:us-east-1:000000000000:function:*", true),
            ("arn:aws:lambda:*", true),
            ("arn:aws:lambda:us-*-1:000000000000:function:hello:1", true),
            ("arn:aws:lambda:us-*1:function:hello:1", false),
            ("arn:aws:lambda:us-east-1:000000000000:function:h*o", false),
            ("arn:aws:lambda:us-east-1:000000000000:function:Hello:1", false),
            ("*", true),
        ] {
            assert_eq!(Pattern::arn(pattern, true).matches(function, &context()), expected, "{pattern}");
        }
    }

    #[test]
    fn variables_are_filled_in_and_their_stars_are_only_stars() {
        let arn = |text: &str| Pattern::arn(text, true);
        assert!(arn("home/${aws:username}/*").matches("home/a*b/x", &context()));
        assert!(!arn("home/${aws:username}/*").matches("home/axxb/x", &context()));
        assert!(arn("home/${AWS:UserName}").matches("home/a*b", &context()));
        assert!(!arn("home/${aws:missing}").matches("home/", &context()));
        assert!(arn("home/${aws:missing, 'nobody'}").matches("home/nobody", &context()));
        assert!(!arn("home/${aws:tags}").matches("home/x", &context()));
        assert!(arn("a${*}b${?}${$}").matches("a*b?$", &context()));
        assert!(!arn("a${*}b").matches("axb", &context()));
        assert!(Pattern::arn("home/${aws:username}", false).matches("home/${aws:username}", &context()));
    }

    /// The definition, as slow as it is plain.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', rest @ ..], text) => {
                by_definition(rest, text) || (!text.is_empty() && by_definition(pattern, &text[1..]))
            }
            (['?', rest @ ..], [_, after @ ..]) => by_definition(rest, after),
            ([letter, rest @ ..], [first, after @ ..]) => letter == first && by_definition(rest, after),
            (_, []) => false,
        }
    }

    proptest::proptest! {
        #[test]
        fn wildcards_are_what_they_are_defined_to_be(pattern in "[ab:*?]{0,8}", text in "[ab:]{0,8}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            let expected = by_definition(&letters(&pattern), &letters(&text));
            assert_eq!(Pattern::text(&pattern, true).matches(&text, &Context::default()), expected);
            // An ARN's stars reach less far, never farther.
            if Pattern::arn(&pattern, true).matches(&text, &Context::default()) {
                assert!(expected);
            }
        }
    }

    #[test]
    fn names_match_in_any_case() {
        assert!(Pattern::name("cognito-idp:Admin*").matches("cognito-idp:admingetuser", &context()));
        assert_eq!(
            Pattern::literal("a*${aws:username}", true).filled_in(&context()).as_deref(),
            Some("a*a*b")
        );
    }
}
