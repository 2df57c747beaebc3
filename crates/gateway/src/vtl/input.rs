//! `$input`: the body and the request's parameters (Amazon API Gateway Developer Guide, "$input variables").

use std::cell::OnceCell;

use super::{Surroundings, json_path::JsonPath, value::Value};

pub struct Input<'a> {
    surroundings: &'a Surroundings<'a>,
    /// The body as JSON; where it is none, as text, as API Gateway takes it.
    document: OnceCell<serde_json::Value>,
}

impl<'a> Input<'a> {
    pub fn new(surroundings: &'a Surroundings<'a>) -> Self {
        Self { surroundings, document: OnceCell::new() }
    }

    pub fn call(&self, method: &str, arguments: &[Value]) -> Result<Option<Value>, String> {
        let argument = arguments.first().and_then(Value::write);
        Ok(match (method, argument) {
            ("params", None) => Some(self.all_parameters()),
            ("params", Some(name)) => Some(match name.as_str() {
                "path" | "querystring" | "header" if self.parameter(&name).is_none() => {
                    self.parameters_of(&name)
                }
                _ => Value::text(self.parameter(&name).unwrap_or_default()),
            }),
            ("json", Some(path)) => {
                let found = JsonPath::parse(&path)?.find(self.document());
                Some(Value::text(found.map_or_else(|| String::from("\"\""), |value| value.to_string())))
            }
            ("path", Some(path)) => {
                let found = JsonPath::parse(&path)?.find(self.document());
                Some(found.map_or_else(|| Value::text(""), |value| Value::from_json(&value)))
            }
            ("body", _) => Some(Value::text(self.surroundings.body)),
            _ => return Err(format!("$input has no method {method} for these arguments")),
        })
    }

    fn document(&self) -> &serde_json::Value {
        self.document.get_or_init(|| {
            let body = self.surroundings.body;
            if body.is_empty() {
                return serde_json::Value::Object(serde_json::Map::new());
            }
            serde_json::from_str(body).unwrap_or_else(|_| body.into())
        })
    }

    /// Path, query, header, in this order.
    fn parameter(&self, name: &str) -> Option<&str> {
        let exchange = self.surroundings.exchange;
        let header = || if http::HeaderName::try_from(name).is_ok() { exchange.header(name) } else { None };
        exchange.parameter(name).or_else(|| exchange.query.get(name)).or_else(header)
    }

    fn all_parameters(&self) -> Value {
        Value::map(["path", "querystring", "header"].map(|kind| (kind.to_owned(), self.parameters_of(kind))))
    }

    fn parameters_of(&self, kind: &str) -> Value {
        let exchange = self.surroundings.exchange;
        let pair = |name: &str, value: &str| (name.to_owned(), Value::text(value));
        match kind {
            "path" => Value::map(exchange.parameters.iter().map(|(name, value)| pair(name, value))),
            "querystring" => Value::map(exchange.query.0.iter().map(|(name, value)| pair(name, value))),
            _ => {
                let headers = exchange.passed_headers().entries;
                Value::map(
                    headers.iter().map(|(name, values)| pair(name, values.last().map_or("", |last| last))),
                )
            }
        }
    }
}
