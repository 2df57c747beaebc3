//! The methods of Java's String, List and Map that templates use.

use regex::{Regex, RegexBuilder};

use super::{
    eval::Renderer,
    util,
    value::{Object, Value},
};

/// The longest text a method may make.
const TEXT_LIMIT: usize = 10 * 1024 * 1024;

pub fn call(
    renderer: &Renderer<'_>,
    value: &Value,
    method: &str,
    arguments: &[Value],
) -> Result<Option<Value>, String> {
    match value {
        Value::Object(Object::Input) => renderer.input.call(method, arguments),
        Value::Object(Object::Util) => util::call(method, arguments),
        Value::Object(Object::StageVariables) => {
            let variables = &renderer.surroundings.exchange.stage.variables;
            let name = arguments.first().and_then(Value::write).unwrap_or_default();
            Ok(variables.get(&name).map(Value::text))
        }
        Value::Object(Object::Context(_)) => Ok(None),
        Value::Text(text) => on_text(text, method, arguments),
        Value::List(_) => Ok(on_list(value, method, arguments)),
        Value::Map(_) => Ok(on_map(value, method, arguments)),
        Value::Null => Ok(None),
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) => Ok(on_scalar(value, method, arguments)),
    }
}

/// What #foreach goes over: a list's items, a map's values, one thing alone, nothing for nothing.
pub fn items_of(value: &Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.borrow().clone(),
        Value::Map(entries) => entries.borrow().iter().map(|(_, value)| value.clone()).collect(),
        _ => Vec::new(),
    }
}

fn on_text(text: &str, method: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
    let argument = |at: usize| arguments.get(at).and_then(Value::write).unwrap_or_default();
    let first = argument(0);
    Ok(Some(match (method, arguments.len()) {
        ("length" | "size", 0) => count(text.chars().count()),
        ("isEmpty", 0) => Value::Bool(text.is_empty()),
        ("toString" | "intern", 0) => Value::text(text),
        ("trim", 0) => Value::text(text.trim()),
        ("toLowerCase", 0) => Value::text(text.to_lowercase()),
        ("toUpperCase", 0) => Value::text(text.to_uppercase()),
        ("equals", 1) => Value::Bool(matches!(&arguments[0], Value::Text(other) if &**other == text)),
        ("equalsIgnoreCase", 1) => Value::Bool(text.to_lowercase() == first.to_lowercase()),
        ("compareTo", 1) => Value::Integer(text.cmp(first.as_str()) as i64),
        ("contains", 1) => Value::Bool(text.contains(&first)),
        ("startsWith", 1) => Value::Bool(text.starts_with(&first)),
        ("endsWith", 1) => Value::Bool(text.ends_with(&first)),
        ("concat", 1) => Value::text(limited(format!("{text}{first}"))?),
        ("indexOf", 1) => position(text, text.find(&first)),
        ("lastIndexOf", 1) => position(text, text.rfind(&first)),
        ("charAt", 1) => {
            let at = arguments[0].as_integer().and_then(|at| usize::try_from(at).ok());
            return Ok(at.and_then(|at| text.chars().nth(at)).map(|found| Value::text(found.to_string())));
        }
        ("substring", 1 | 2) => {
            let from = arguments[0].as_integer().and_then(|at| usize::try_from(at).ok());
            let to = match arguments.get(1) {
                Some(to) => to.as_integer().and_then(|at| usize::try_from(at).ok()),
                None => Some(text.chars().count()),
            };
            match (from, to) {
                (Some(from), Some(to)) if from <= to && to <= text.chars().count() => {
                    Value::text(text.chars().skip(from).take(to - from).collect::<String>())
                }
                _ => return Err(String::from("substring is out of the text's bounds")),
            }
        }
        ("replace", 2) => Value::text(limited(text.replace(&first, &argument(1)))?),
        ("replaceAll", 2) => {
            let replaced =
                pattern(&first)?.replace_all(text, replacement(&argument(1)).as_str()).into_owned();
            Value::text(limited(replaced)?)
        }
        ("replaceFirst", 2) => {
            let replaced = pattern(&first)?.replace(text, replacement(&argument(1)).as_str()).into_owned();
            Value::text(limited(replaced)?)
        }
        ("matches", 1) => Value::Bool(pattern(&format!("^(?:{first})$"))?.is_match(text)),
        ("split", 1) => {
            let mut parts: Vec<&str> = pattern(&first)?.split(text).collect();
            // Java drops empty parts at the end.
            while parts.last().is_some_and(|part| part.is_empty()) {
                parts.pop();
            }
            Value::list(parts.into_iter().map(Value::text).collect())
        }
        _ => return Ok(None),
    }))
}

fn on_list(value: &Value, method: &str, arguments: &[Value]) -> Option<Value> {
    let Value::List(items) = value else { return None };
    let index = || arguments.first().and_then(Value::as_integer).and_then(|at| usize::try_from(at).ok());
    match (method, arguments) {
        ("size" | "length" | "count", []) => Some(count(items.borrow().len())),
        ("isEmpty", []) => Some(Value::Bool(items.borrow().is_empty())),
        ("get", [_]) => index().and_then(|at| items.borrow().get(at).cloned()),
        ("contains", [wanted]) => Some(Value::Bool(items.borrow().iter().any(|item| item.equals(wanted)))),
        ("indexOf", [wanted]) => {
            let at = items.borrow().iter().position(|item| item.equals(wanted));
            Some(at.map_or(Value::Integer(-1), count))
        }
        ("add", [item]) => {
            items.borrow_mut().push(item.clone());
            Some(Value::Bool(true))
        }
        ("addAll", [Value::List(more)]) => {
            let more = more.borrow().clone();
            items.borrow_mut().extend(more);
            Some(Value::Bool(true))
        }
        ("set", [_, item]) => {
            let at = index()?;
            items.borrow_mut().get_mut(at).map(|slot| std::mem::replace(slot, item.clone()))
        }
        ("remove", [_]) => {
            let at = index()?;
            let mut items = items.borrow_mut();
            (at < items.len()).then(|| items.remove(at))
        }
        ("toString", []) => value.write().map(Value::text),
        _ => None,
    }
}

fn on_map(value: &Value, method: &str, arguments: &[Value]) -> Option<Value> {
    let Value::Map(entries) = value else { return None };
    // Read before anything is borrowed for writing: a map may be its own argument.
    let key = arguments.first().and_then(Value::write).unwrap_or_default();
    match (method, arguments) {
        ("get", [_]) => entries.borrow().get(&key).cloned(),
        ("put", [_, item]) => {
            let old = entries.borrow_mut().put(&key, item.clone());
            Some(old.unwrap_or_else(|| Value::text("")))
        }
        ("remove", [_]) => entries.borrow_mut().remove(&key),
        ("containsKey", [_]) => Some(Value::Bool(entries.borrow().get(&key).is_some())),
        ("size" | "length", []) => Some(count(entries.borrow().len())),
        ("isEmpty", []) => Some(Value::Bool(entries.borrow().is_empty())),
        ("keySet", []) => {
            Some(Value::list(entries.borrow().iter().map(|(key, _)| Value::text(key)).collect()))
        }
        ("values", []) => Some(Value::list(items_of(value))),
        ("entrySet", []) => {
            let entries = entries.borrow();
            let pairs = entries.iter().map(|(key, value)| {
                let pair = [("key", Value::text(key)), ("value", value.clone())];
                Value::map(pair.map(|(name, value)| (name.to_owned(), value)))
            });
            Some(Value::list(pairs.collect()))
        }
        ("getKey", []) => entries.borrow().get("key").cloned(),
        ("getValue", []) => entries.borrow().get("value").cloned(),
        ("toString", []) => value.write().map(Value::text),
        _ => None,
    }
}

fn on_scalar(value: &Value, method: &str, arguments: &[Value]) -> Option<Value> {
    match (method, arguments) {
        ("toString", []) => value.write().map(Value::text),
        ("equals", [other]) => Some(Value::Bool(value.equals(other))),
        ("intValue" | "longValue", []) => value.as_float().map(|number| Value::Integer(number as i64)),
        ("doubleValue" | "floatValue", []) => value.as_float().map(Value::Float),
        ("booleanValue", []) => Some(value.clone()),
        _ => None,
    }
}

fn count(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

/// Java counts characters where Rust counts bytes.
fn position(text: &str, at: Option<usize>) -> Value {
    at.map_or(Value::Integer(-1), |at| count(text[..at].chars().count()))
}

/// Linear in the text whatever the pattern; what it takes to compile is bounded as well.
fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text)
        .size_limit(1 << 20)
        .dot_matches_new_line(false)
        .build()
        .map_err(|cause| format!("'{text}' is not a regular expression here: {cause}"))
}

/// Java writes `\$` for a dollar sign, and takes a backslash before anything for that thing.
fn replacement(java: &str) -> String {
    let mut out = String::with_capacity(java.len());
    let mut characters = java.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('$') => out.push_str("$$"),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            '$' => {
                out.push_str("${");
                let digit = characters.next().unwrap_or('0');
                out.push(digit);
                out.push('}');
            }
            other => out.push(other),
        }
    }
    out
}

fn limited(text: String) -> Result<String, String> {
    if text.len() > TEXT_LIMIT { Err(String::from("the template makes too long a text")) } else { Ok(text) }
}
