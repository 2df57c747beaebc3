//! Scalars as text, as they stand in headers, paths, forms and XML.

use facts::shape::{Kind, Shape};
use serde_json::{Number, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// A scalar member from its text. `Err` says what was expected.
pub fn read(shape: &Shape, text: &str) -> Result<Value, &'static str> {
    match &shape.kind {
        Kind::Boolean => match text {
            "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
            _ => Err("a boolean"),
        },
        Kind::Integer { .. } | Kind::Long { .. } => {
            text.trim().parse::<i64>().map(Value::from).map_err(|_| "an integer")
        }
        Kind::Double { .. } => {
            text.trim().parse().ok().and_then(Number::from_f64).map(Value::Number).ok_or("a number")
        }
        Kind::Timestamp => instant(text).map(Value::Number).ok_or("a timestamp in ISO 8601"),
        Kind::Document => serde_json::from_str(text).map_err(|_| "a JSON document"),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// A scalar member as text; `None` for what is not there. Timestamps are ISO 8601 in UTC with milliseconds.
pub fn write(shape: &Shape, value: &Value) -> Option<String> {
    match (&shape.kind, value) {
        (_, Value::Null) => None,
        (Kind::Timestamp, Value::Number(seconds)) => seconds.as_f64().and_then(iso8601),
        (_, Value::String(text)) => Some(text.clone()),
        (_, other) => Some(other.to_string()),
    }
}

/// Epoch seconds, a fraction where there is one: from ISO 8601, or from a number as some clients send it.
fn instant(text: &str) -> Option<Number> {
    let millis = match OffsetDateTime::parse(text, &Rfc3339) {
        Ok(instant) => i64::try_from(instant.unix_timestamp_nanos() / 1_000_000).ok()?,
        Err(_) => {
            let seconds: f64 = text.parse().ok().filter(|seconds: &f64| seconds.abs() < 1.0e11)?;
            (seconds * 1000.0).round() as i64
        }
    };
    if millis % 1000 == 0 { Some((millis / 1000).into()) } else { Number::from_f64(millis as f64 / 1000.0) }
}

fn iso8601(seconds: f64) -> Option<String> {
    // Past the year 9999 nothing can be written; far past it nothing can be reckoned.
    if seconds.abs() > 1.0e12 {
        return None;
    }
    let nanos = (seconds * 1000.0).round() as i128 * 1_000_000;
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()?.format(&format).ok()
}

#[cfg(test)]
mod tests {
    use facts::shape::Limits;
    use serde_json::json;

    use super::*;

    static TIME: Shape = Shape { name: "T", sensitive: false, kind: Kind::Timestamp };
    static NUMBER: Shape = Shape {
        name: "N",
        sensitive: false,
        kind: Kind::Integer { limits: Limits { min: None, max: None } },
    };

    #[test]
    fn a_timestamp_goes_there_and_back() {
        assert_eq!(read(&TIME, "2015-01-01T00:00:00Z"), Ok(json!(1_420_070_400)));
        assert_eq!(read(&TIME, "2015-01-01T00:00:00.250Z"), Ok(json!(1_420_070_400.25)));
        assert_eq!(write(&TIME, &json!(1_420_070_400.25)).as_deref(), Some("2015-01-01T00:00:00.250Z"));
        assert_eq!(write(&TIME, &json!(1_420_070_400)).as_deref(), Some("2015-01-01T00:00:00.000Z"));
        assert!(read(&TIME, "yesterday").is_err());
        assert!(read(&TIME, "1e300").is_err());
        assert_eq!(write(&TIME, &json!(1e300)), None);
    }

    #[test]
    fn a_number_is_a_number() {
        assert_eq!(read(&NUMBER, "12"), Ok(json!(12)));
        assert!(read(&NUMBER, "12x").is_err());
        assert!(read(&NUMBER, "").is_err());
    }
}
