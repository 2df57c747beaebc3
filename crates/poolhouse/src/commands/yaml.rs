//! JSON values as YAML that reads back as the same.

use serde_json::{Map, Value};

/// Block style, without a newline at its end.
pub fn write(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(members) if !members.is_empty() => object(members, 0, &mut text),
        Value::Array(items) if !items.is_empty() => array(items, 0, &mut text),
        other => text = scalar(other, 0),
    }
    text.truncate(text.trim_end_matches('\n').len());
    text
}

fn object(members: &Map<String, Value>, indent: usize, text: &mut String) {
    for (index, (key, value)) in members.iter().enumerate() {
        if index > 0 || !text.ends_with("- ") {
            text.push_str(&" ".repeat(indent));
        }
        text.push_str(&word(key));
        text.push(':');
        below(value, indent, text);
    }
}

fn array(items: &[Value], indent: usize, text: &mut String) {
    for item in items {
        text.push_str(&" ".repeat(indent));
        text.push_str("- ");
        match item {
            Value::Object(members) if !members.is_empty() => object(members, indent + 2, text),
            Value::Array(inner) if !inner.is_empty() => {
                text.truncate(text.len() - 1);
                text.push('\n');
                array(inner, indent + 2, text);
            }
            other => {
                text.push_str(&scalar(other, indent + 2));
                text.push('\n');
            }
        }
    }
}

fn below(value: &Value, indent: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            text.push('\n');
            object(members, indent + 2, text);
        }
        Value::Array(items) if !items.is_empty() => {
            text.push('\n');
            array(items, indent + 2, text);
        }
        other => {
            text.push(' ');
            text.push_str(&scalar(other, indent + 2));
            text.push('\n');
        }
    }
}

fn scalar(value: &Value, indent: usize) -> String {
    match value {
        Value::String(text) if is_block(text) => {
            let pad = " ".repeat(indent);
            let chomp = if text.ends_with('\n') { "" } else { "-" };
            let lines =
                text.lines().map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") });
            format!("|{chomp}\n{}", lines.collect::<Vec<_>>().join("\n"))
        }
        Value::String(text) => word(text),
        other => other.to_string(),
    }
}

/// Lines that a literal block keeps as they are.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    body.contains('\n')
        && !body.ends_with('\n')
        && !text.starts_with([' ', '\n'])
        && !text.chars().any(|c| c.is_control() && c != '\n')
        && !body.lines().any(|line| line.ends_with(' '))
}

/// As it stands where nothing in it means anything else, else in quotes.
fn word(text: &str) -> String {
    let first_fits = text.starts_with(|c: char| c.is_alphanumeric() || c == '/' || c == '_' || c == '$');
    let means_itself = first_fits
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.chars().any(|c| c.is_control() || "\u{2028}\u{2029}\u{85}\u{feff}".contains(c));
    let lower = text.to_lowercase();
    let looks_typed =
        matches!(lower.as_str(), "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n")
            || text.starts_with(|c: char| c.is_ascii_digit());
    if means_itself && !looks_typed {
        return text.to_owned();
    }
    serde_json::to_string(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::write;

    #[test]
    fn reads_like_a_configuration() {
        let value = json!({
            "service": "svc", "n": 5, "flag": true, "none": null, "empty": {}, "list": [], "version": "2012-10-17",
            "functions": {"a": {"events": [{"http": {"path": "/x", "method": "get"}}, "plain", ["in", ["deep"]]]}},
            "arn": "arn:${AWS::Region}:x", "odd": "a: b", "star": "*", "yes": "yes", "text": "one\n two\n", "tail": "a\nb"
        });
        let text = write(&value);
        insta::assert_snapshot!(text);
    }
}
