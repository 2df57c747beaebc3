//! Between JSON values and the generated structs. Written once here, so that a struct costs the compiler two short
//! functions and no derive.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// The JSON was not what the shape says, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

pub trait Wire: Sized {
    fn read(value: Value) -> Result<Self, Unreadable>;
    /// `Null` where there is nothing; a structure leaves such members out.
    fn write(&self) -> Value;
}

/// How AWS names a JSON value's type when it complains.
pub(crate) fn token(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) | Value::Object(_) => "Start of structure or map",
    }
}

pub(crate) fn unfit(value: &Value, wanted: &str) -> Unreadable {
    Unreadable(match value {
        Value::Array(_) | Value::Object(_) => {
            String::from("Start of structure or map found where not expected.")
        }
        other => format!("{} can not be converted to {wanted}", token(other)),
    })
}

/// A whole number, also one written `5.0`.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    let number = value.as_number()?;
    number.as_i64().or_else(|| {
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float.abs() < 9.0e15).then_some(float as i64)
    })
}

impl Wire for String {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(unfit(&other, "a String")),
        }
    }

    fn write(&self) -> Value {
        Value::String(self.clone())
    }
}

impl Wire for i64 {
    fn read(value: Value) -> Result<Self, Unreadable> {
        whole(&value).ok_or_else(|| unfit(&value, "a Long"))
    }

    fn write(&self) -> Value {
        Value::Number((*self).into())
    }
}

impl Wire for f64 {
    fn read(value: Value) -> Result<Self, Unreadable> {
        value.as_f64().ok_or_else(|| unfit(&value, "a Double"))
    }

    fn write(&self) -> Value {
        Number::from_f64(*self).map_or(Value::Null, Value::Number)
    }
}

impl Wire for bool {
    fn read(value: Value) -> Result<Self, Unreadable> {
        value.as_bool().ok_or_else(|| unfit(&value, "a Boolean"))
    }

    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Wire for Value {
    fn read(value: Value) -> Result<Self, Unreadable> {
        Ok(value)
    }

    fn write(&self) -> Value {
        self.clone()
    }
}

impl<T: Wire> Wire for Option<T> {
    fn read(value: Value) -> Result<Self, Unreadable> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }

    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
}

impl<T: Wire> Wire for Box<T> {
    fn read(value: Value) -> Result<Self, Unreadable> {
        T::read(value).map(Self::new)
    }

    fn write(&self) -> Value {
        T::write(self)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Array(items) => items.into_iter().map(T::read).collect(),
            other => Err(unfit(&other, "a List")),
        }
    }

    fn write(&self) -> Value {
        Value::Array(self.iter().map(T::write).collect())
    }
}

impl<T: Wire> Wire for BTreeMap<String, T> {
    fn read(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Object(entries) => {
                entries.into_iter().map(|(key, value)| T::read(value).map(|value| (key, value))).collect()
            }
            other => Err(unfit(&other, "a Map")),
        }
    }

    fn write(&self) -> Value {
        Value::Object(self.iter().map(|(key, value)| (key.clone(), value.write())).collect())
    }
}

/// A structure's members on their way in.
pub struct Fields(Map<String, Value>);

impl Fields {
    pub fn of(value: Value) -> Result<Self, Unreadable> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            other => Err(unfit(&other, "a Structure")),
        }
    }

    pub fn take<T: Wire>(&mut self, name: &str) -> Result<T, Unreadable> {
        T::read(self.0.get_mut(name).map_or(Value::Null, Value::take))
    }
}

/// A structure's members on their way out.
#[derive(Default)]
pub struct Object(Map<String, Value>);

impl Object {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn put<T: Wire>(&mut self, name: &str, member: &T) {
        let value = member.write();
        if !value.is_null() {
            self.0.insert(name.to_owned(), value);
        }
    }

    pub fn done(self) -> Value {
        Value::Object(self.0)
    }
}

/// For the generated structs' `Deserialize`.
pub(crate) fn deserialize<'de, T: Wire, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::read(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}
