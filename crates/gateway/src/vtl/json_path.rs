//! JSONPath as mapping templates use it: `$`, `.name`, `['name']`, `[0]`, `[-1]`, `[1:3]`, `*` and `..`
//! (Stefan Gössner, "JSONPath - XPath for JSON"). Filters and scripts are refused.

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Name(String),
    Names(Vec<String>),
    Index(i64),
    Slice(Option<i64>, Option<i64>),
    All,
    /// `..`: here and everywhere below.
    Descend,
}

/// How many nodes a search may hold at once.
const NODE_LIMIT: usize = 100_000;

impl JsonPath {
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a JSONPath that is supported");
        let mut rest = text.trim();
        rest = rest.strip_prefix('$').unwrap_or(rest);
        if !rest.is_empty() && !rest.starts_with(['.', '[']) {
            // `$input.path('name')` is taken for `$.name`.
            return Self::parse(&format!("$.{rest}"));
        }
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let end = closing_bracket(inner).ok_or_else(wrong)?;
                steps.push(bracket(&inner[..end]).ok_or_else(wrong)?);
                rest = &inner[end + 1..];
                continue;
            }
            if let Some(below) = rest.strip_prefix("..") {
                steps.push(Step::Descend);
                rest = below;
                if rest.starts_with('[') {
                    continue;
                }
            } else {
                rest = rest.strip_prefix('.').ok_or_else(wrong)?;
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let name = &rest[..end];
            if name.is_empty() || name.contains(['(', ')', '?', '@', '\'', '"', ']']) {
                return Err(wrong());
            }
            steps.push(if name == "*" { Step::All } else { Step::Name(name.to_owned()) });
            rest = &rest[end..];
        }
        Ok(Self(steps))
    }

    /// One value where the path means one; a list where it may mean several. `None` where there is nothing.
    pub fn find(&self, document: &Value) -> Option<Value> {
        let many = self.0.iter().any(|step| !matches!(step, Step::Name(_) | Step::Index(_)));
        let mut found = vec![document];
        for step in &self.0 {
            let mut next = Vec::new();
            for value in found {
                step.apply(value, &mut next);
                if next.len() > NODE_LIMIT {
                    return None;
                }
            }
            found = next;
        }
        if many {
            return Some(Value::Array(found.into_iter().cloned().collect()));
        }
        found.first().map(|value| (*value).clone())
    }
}

impl Step {
    fn apply<'v>(&self, value: &'v Value, out: &mut Vec<&'v Value>) {
        match self {
            Self::Name(name) => out.extend(value.get(name)),
            Self::Names(names) => out.extend(names.iter().filter_map(|name| value.get(name))),
            Self::Index(index) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                out.extend(place(*index, items.len()).and_then(|at| items.get(at)));
            }
            Self::Slice(from, to) => {
                let items = value.as_array().map_or(&[][..], Vec::as_slice);
                let bound = |edge: i64| edge_of(edge, items.len());
                let (from, to) = (from.map_or(0, bound), to.map_or(items.len(), bound));
                out.extend(items.get(from..to).unwrap_or_default());
            }
            Self::All => match value {
                Value::Array(items) => out.extend(items),
                Value::Object(entries) => out.extend(entries.values()),
                _ => {}
            },
            Self::Descend => {
                let mut waiting = vec![value];
                while let Some(next) = waiting.pop() {
                    if out.len() > NODE_LIMIT {
                        return;
                    }
                    out.push(next);
                    match next {
                        Value::Array(items) => waiting.extend(items.iter().rev()),
                        Value::Object(entries) => {
                            let below: Vec<_> = entries.values().collect();
                            waiting.extend(below.into_iter().rev());
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

fn place(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let at = if index < 0 { length + index } else { index };
    usize::try_from(at).ok()
}

fn edge_of(edge: i64, length: usize) -> usize {
    let signed = i64::try_from(length).unwrap_or(i64::MAX);
    let at = if edge < 0 { signed.saturating_add(edge) } else { edge };
    usize::try_from(at.max(0)).unwrap_or(length).min(length)
}

/// Where the bracket closes, quotes minded.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, ']') => return Some(at),
            (None, _) => {}
        }
    }
    None
}

fn bracket(inside: &str) -> Option<Step> {
    let inside = inside.trim();
    if inside == "*" {
        return Some(Step::All);
    }
    if inside.starts_with(['\'', '"']) {
        let names: Option<Vec<String>> = inside
            .split(',')
            .map(|name| {
                let name = name.trim();
                let quote = name.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
                name.strip_prefix(quote)?.strip_suffix(quote).map(str::to_owned)
            })
            .collect();
        let mut names = names?;
        return Some(if names.len() == 1 { Step::Name(names.remove(0)) } else { Step::Names(names) });
    }
    if let Some((from, to)) = inside.split_once(':') {
        let edge = |text: &str| match text.trim() {
            "" => Some(None),
            number => number.parse().ok().map(Some),
        };
        return Some(Step::Slice(edge(from)?, edge(to)?));
    }
    inside.parse().ok().map(Step::Index)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn find(path: &str) -> Option<Value> {
        let document = json!({"pets": [{"id": 1, "type": "dog"}, {"id": 2, "a.b": true}], "n": null});
        JsonPath::parse(path).unwrap().find(&document)
    }

    #[test]
    fn goes_down_the_document() {
        assert_eq!(find("$.pets[0].type"), Some(json!("dog")));
        assert_eq!(find("$['pets'][-1]['a.b']"), Some(json!(true)));
        assert_eq!(find("pets[1].id"), Some(json!(2)));
        assert_eq!(find("$.pets[*].id"), Some(json!([1, 2])));
        assert_eq!(find("$..id"), Some(json!([1, 2])));
        assert_eq!(find("$.pets[0:1]"), Some(json!([{"id": 1, "type": "dog"}])));
        assert_eq!(find("$.n"), Some(Value::Null));
        assert_eq!(find("$.nobody.there"), None);
        assert_eq!(find("$").unwrap()["pets"][0]["id"], 1);
    }

    #[test]
    fn what_is_not_supported_says_so() {
        for path in ["$.pets[?(@.id==1)]", "$[", "$.", "$.a[x]", "$.a['x]"] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
