//! A document as it was read: JSON's kinds of value, each with the place it stands at.

use serde_json::{Number, Value as Json};

use crate::place::Place;

#[derive(Clone, Debug)]
pub struct Node {
    pub value: Value,
    pub place: Place,
    /// No variable is left to resolve in it; what still looks like one is meant as it stands.
    pub settled: bool,
}

#[derive(Clone, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Map),
    /// Could not be resolved, which was already said; nothing more is checked about it.
    Broken,
}

/// Keys in the order they were written, each once.
#[derive(Clone, Debug, Default)]
pub struct Map {
    pub entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
pub struct Entry {
    pub key: String,
    pub key_place: Place,
    pub value: Node,
}

impl Node {
    pub const fn new(value: Value, place: Place) -> Self {
        Self { value, place, settled: false }
    }

    pub fn text(text: impl Into<String>, place: Place) -> Self {
        Self { value: Value::Text(text.into()), place, settled: true }
    }

    /// The value under `key`, unless it is null, which counts as not written.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(map) => map.get(key).filter(|node| !matches!(node.value, Value::Null)),
            _ => None,
        }
    }

    /// The value at `a.b.c`.
    pub fn at(&self, path: &str) -> Option<&Self> {
        path.split('.').try_fold(self, |node, key| node.get(key))
    }

    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub const fn as_bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    pub fn as_integer(&self) -> Option<i64> {
        match &self.value {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    pub const fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    pub fn as_list(&self) -> Option<&[Self]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub const fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    pub const fn is_broken(&self) -> bool {
        matches!(self.value, Value::Broken)
    }

    /// JavaScript's idea of what counts as set: not null, not false, not 0, not empty text.
    pub fn is_truthy(&self) -> bool {
        match &self.value {
            Value::Null | Value::Broken => false,
            Value::Bool(flag) => *flag,
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::Text(text) => !text.is_empty(),
            Value::List(_) | Value::Map(_) => true,
        }
    }

    /// What kind of thing it is, for people.
    pub const fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
            Value::Broken => "something unresolved",
        }
    }

    pub fn to_json(&self) -> Json {
        match &self.value {
            Value::Null | Value::Broken => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => Json::Number(number.clone()),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Value::Map(map) => Json::Object(
                map.entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect(),
            ),
        }
    }

    /// The same tree from JSON text that was parsed elsewhere; all of it stands at `place`.
    pub fn from_json(json: Json, place: Place) -> Self {
        let value = match json {
            Json::Null => Value::Null,
            Json::Bool(flag) => Value::Bool(flag),
            Json::Number(number) => Value::Number(number),
            Json::String(text) => Value::Text(text),
            Json::Array(items) => {
                Value::List(items.into_iter().map(|item| Self::from_json(item, place)).collect())
            }
            Json::Object(members) => Value::Map(Map {
                entries: members
                    .into_iter()
                    .map(|(key, value)| Entry { key, key_place: place, value: Self::from_json(value, place) })
                    .collect(),
            }),
        };
        Self::new(value, place)
    }

    /// Lays `other` over this one as lodash's `merge` does: objects key by key, lists item by item, all else replaced.
    pub fn merge(&mut self, other: Self) {
        match (&mut self.value, other.value) {
            (Value::Map(mine), Value::Map(theirs)) => {
                for entry in theirs.entries {
                    match mine.entries.iter_mut().find(|known| known.key == entry.key) {
                        Some(known) => known.value.merge(entry.value),
                        None => mine.entries.push(entry),
                    }
                }
            }
            (Value::List(mine), Value::List(theirs)) => {
                for (index, item) in theirs.into_iter().enumerate() {
                    match mine.get_mut(index) {
                        Some(known) => known.merge(item),
                        None => mine.push(item),
                    }
                }
            }
            (_, value) => {
                self.value = value;
                self.place = other.place;
                self.settled = other.settled;
            }
        }
    }

    /// How many values it holds, itself among them.
    pub fn size(&self) -> usize {
        match &self.value {
            Value::List(items) => items.iter().map(Self::size).sum::<usize>() + 1,
            Value::Map(map) => map.entries.iter().map(|entry| entry.value.size()).sum::<usize>() + 1,
            _ => 1,
        }
    }
}

impl Map {
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key == key).map(|entry| &mut entry.value)
    }

    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|entry| entry.key.as_str())
    }
}
