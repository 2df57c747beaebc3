//! What references hold.

use std::{cell::RefCell, rc::Rc};

use serde_json::{Map, Number};

/// Lists and maps are shared and can be changed through any reference, as Java's are.
#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Rc<str>),
    List(Rc<RefCell<Vec<Value>>>),
    Map(Rc<RefCell<Entries>>),
    /// `$input`, `$util`, `$context`, `$stageVariables`.
    Object(Object),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Object {
    Input,
    Util,
    /// A place under `$context`; empty is `$context` itself.
    Context(String),
    StageVariables,
}

/// In the order they were put.
#[derive(Clone, Debug, Default)]
pub struct Entries(Vec<(Rc<str>, Value)>);

impl Entries {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(own, _)| &**own == key).map(|(_, value)| value)
    }

    pub fn put(&mut self, key: &str, value: Value) -> Option<Value> {
        match self.0.iter_mut().find(|(own, _)| &**own == key) {
            Some((_, old)) => Some(std::mem::replace(old, value)),
            None => {
                self.0.push((Rc::from(key), value));
                None
            }
        }
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(own, _)| &**own == key)?;
        Some(self.0.remove(at).1)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Rc<str>, Value)> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How deep a value is written out: a list can be put into itself.
const WRITE_DEPTH: usize = 32;
/// How many values are written out at once: lists that hold one another twice over double with each level.
const WRITE_COUNT: usize = 200_000;

impl Value {
    pub fn text(text: impl AsRef<str>) -> Self {
        Self::Text(Rc::from(text.as_ref()))
    }

    pub fn list(items: Vec<Self>) -> Self {
        Self::List(Rc::new(RefCell::new(items)))
    }

    pub fn map(entries: impl IntoIterator<Item = (String, Self)>) -> Self {
        let mut map = Entries::default();
        for (key, value) in entries {
            map.put(&key, value);
        }
        Self::Map(Rc::new(RefCell::new(map)))
    }

    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => {
                number.as_i64().map_or_else(|| Self::Float(number.as_f64().unwrap_or(0.0)), Self::Integer)
            }
            serde_json::Value::String(text) => Self::text(text),
            serde_json::Value::Array(items) => Self::list(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(entries) => {
                Self::map(entries.iter().map(|(key, value)| (key.clone(), Self::from_json(value))))
            }
        }
    }

    pub fn to_json(&self) -> serde_json::Value {
        self.to_json_at(0, &mut 0)
    }

    fn to_json_at(&self, depth: usize, written: &mut usize) -> serde_json::Value {
        *written += 1;
        if depth > WRITE_DEPTH || *written > WRITE_COUNT {
            return serde_json::Value::Null;
        }
        match self {
            Self::Null | Self::Object(_) => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Integer(number) => (*number).into(),
            Self::Float(number) => {
                Number::from_f64(*number).map_or(serde_json::Value::Null, serde_json::Value::Number)
            }
            Self::Text(text) => (&**text).into(),
            Self::List(items) => {
                items.borrow().iter().map(|item| item.to_json_at(depth + 1, written)).collect()
            }
            Self::Map(entries) => {
                let entries = entries.borrow();
                let entries = entries
                    .iter()
                    .map(|(key, value)| (key.to_string(), value.to_json_at(depth + 1, written)));
                serde_json::Value::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    /// As it stands in the output: maps as Java writes them (`{a=1}`), lists as JSON; `None` for nothing.
    pub fn write(&self) -> Option<String> {
        self.write_at(0, &mut 0)
    }

    fn write_at(&self, depth: usize, written: &mut usize) -> Option<String> {
        *written += 1;
        match self {
            _ if depth > WRITE_DEPTH || *written > WRITE_COUNT => None,
            Self::Null | Self::Object(_) => None,
            Self::Bool(value) => Some(value.to_string()),
            Self::Integer(number) => Some(number.to_string()),
            Self::Float(number) => Some(format!("{number:?}")),
            Self::Text(text) => Some(text.to_string()),
            Self::List(_) => Some(self.to_json_at(depth, written).to_string()),
            Self::Map(entries) => {
                let parts: Vec<String> = entries
                    .borrow()
                    .iter()
                    .map(|(key, value)| {
                        let value = value.write_at(depth + 1, written);
                        format!("{key}={}", value.unwrap_or_else(|| String::from("null")))
                    })
                    .collect();
                Some(format!("{{{}}}", parts.join(", ")))
            }
        }
    }

    /// Velocity 1.7: nothing and `false` are false, all else is true.
    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Float(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    pub fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            (Self::List(_), Self::List(_)) | (Self::Map(_), Self::Map(_)) => {
                self.to_json() == other.to_json()
            }
            _ => match (self.as_float(), other.as_float()) {
                (Some(a), Some(b)) => a == b,
                // Velocity compares things of different kinds by how they are written.
                _ => match (self.write(), other.write()) {
                    (Some(a), Some(b)) => a == b,
                    _ => false,
                },
            },
        }
    }
}
