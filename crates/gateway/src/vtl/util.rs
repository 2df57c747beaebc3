//! `$util` (Amazon API Gateway Developer Guide, "$util variables").

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::value::Value;

pub fn call(method: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
    let text = arguments.first().and_then(Value::write).unwrap_or_default();
    Ok(Some(match method {
        "escapeJavaScript" => Value::text(escape_java_script(&text)),
        "parseJson" => {
            let json: serde_json::Value =
                serde_json::from_str(&text).map_err(|cause| format!("$util.parseJson: {cause}"))?;
            Value::from_json(&json)
        }
        "toJson" => Value::text(arguments.first().unwrap_or(&Value::Null).to_json().to_string()),
        "urlEncode" => Value::text(form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()),
        "urlDecode" => {
            let plain = percent_encoding::percent_decode_str(&text.replace('+', " "))
                .decode_utf8_lossy()
                .into_owned();
            Value::text(plain)
        }
        "base64Encode" => Value::text(STANDARD.encode(text)),
        "base64Decode" => {
            let bytes =
                STANDARD.decode(text.trim()).map_err(|cause| format!("$util.base64Decode: {cause}"))?;
            Value::text(String::from_utf8_lossy(&bytes))
        }
        // `$util.qr($list.add(1))` and `$util.quiet(…)` run something for its effect.
        "qr" | "quiet" => Value::text(""),
        _ => return Err(format!("$util has no method {method}")),
    }))
}

/// Apache Commons Lang, `StringEscapeUtils.escapeJavaScript`: quotes, slashes, control characters, and everything past
/// ASCII as `\uXXXX`.
fn escape_java_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' | '/' => {
                out.push('\\');
                out.push(character);
            }
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04X}"));
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call_text(method: &str, text: &str) -> String {
        call(method, &[Value::text(text)]).unwrap().unwrap().write().unwrap()
    }

    #[test]
    fn escapes_as_java_does() {
        assert_eq!(
            call_text("escapeJavaScript", "it's \"ü\"\n/\u{1f600}"),
            "it\\'s \\\"\\u00FC\\\"\\n\\/\\uD83D\\uDE00"
        );
        assert_eq!(call_text("urlEncode", "a b&ü"), "a+b%26%C3%BC");
        assert_eq!(call_text("urlDecode", "a+b%26"), "a b&");
        assert_eq!(call_text("base64Decode", &call_text("base64Encode", "hi")), "hi");
        assert!(call("parseJson", &[Value::text("{")]).is_err());
        assert!(call("exec", &[]).is_err());
    }
}
