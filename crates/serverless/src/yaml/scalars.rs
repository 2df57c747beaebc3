//! What an unquoted word means: the core schema of YAML 1.2, with the digits that js-yaml reads (the Serverless
//! Framework's parser), since files were written against it. One thing is kept apart on purpose: a date stays the text
//! it is. js-yaml makes an instant of `2012-10-17`, which turns a policy's unquoted `Version` into one that AWS refuses.

use serde_json::Number;

use crate::node::Value;

pub fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::Text(text.to_owned()), Value::Number),
    }
}

/// A key is always text; a number becomes the text JavaScript would make of it.
pub fn as_key(text: &str) -> String {
    match plain(text) {
        Value::Null => String::from("null"),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        _ => text.to_owned(),
    }
}

fn number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let first = digits.bytes().next()?;
    if !first.is_ascii_digit() && first != b'.' {
        return None;
    }
    let sign = if negative { -1 } else { 1 };
    for (prefix, radix) in [("0b", 2), ("0o", 8), ("0x", 16)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return i64::from_str_radix(&without_underscores(rest)?, radix)
                .ok()
                .map(|n| Number::from(sign * n));
        }
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_') {
        // More digits than a number holds are digits: an account, a key. JavaScript would round them.
        return without_underscores(digits)?.parse::<i64>().ok().map(|n| Number::from(sign * n));
    }
    if !is_float(digits) || text.ends_with('_') {
        return None;
    }
    let float = digits.replace('_', "").parse::<f64>().ok()? * f64::from(sign as i8);
    // JavaScript has one kind of number: 1.0 is written 1.
    if float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 {
        return Some(Number::from(float as i64));
    }
    Number::from_f64(float)
}

/// `12`, `12.5`, `12.`, `.5`, each with an exponent or without; underscores between digits.
fn is_float(digits: &str) -> bool {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (digits, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let figures = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !figures.is_empty() && figures.bytes().all(|byte| byte.is_ascii_digit())
    });
    let figures = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", after)) => !after.is_empty() && figures(after) && after != "_",
        Some((before, after)) => figures(before) && figures(after),
        None => figures(mantissa),
    };
    exponent_fits && mantissa_fits
}

fn without_underscores(digits: &str) -> Option<String> {
    if digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') {
        return None;
    }
    Some(digits.replace('_', ""))
}
