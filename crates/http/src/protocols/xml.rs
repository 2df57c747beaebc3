//! Values as XML, by their shape (Smithy, "AWS Query protocol", response serialization).

use facts::shape::{Kind, Shape};
use serde_json::Value;

use super::text;

/// A document that grows element by element.
#[derive(Default)]
pub struct Xml(String);

impl Xml {
    pub fn open(&mut self, name: &str) {
        self.0.extend(["<", name, ">"]);
    }

    pub fn open_with_namespace(&mut self, name: &str, namespace: &str) {
        self.0.extend(["<", name, " xmlns=\""]);
        self.text(namespace);
        self.0.push_str("\">");
    }

    pub fn close(&mut self, name: &str) {
        self.0.extend(["</", name, ">"]);
    }

    pub fn element(&mut self, name: &str, content: &str) {
        self.open(name);
        self.text(content);
        self.close(name);
    }

    /// Characters that XML 1.0 cannot hold become U+FFFD; a carriage return, which a reader would change, is referred to.
    pub fn text(&mut self, text: &str) {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#xD;"),
                '\t' | '\n' => self.0.push(letter),
                '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => self.0.push('\u{fffd}'),
                _ => self.0.push(letter),
            }
        }
    }

    /// A structure's members that are there, in the model's order.
    pub fn members(&mut self, shape: &Shape, value: &Value) {
        for member in shape.members() {
            if let Some(value) = value.get(member.name).filter(|value| !value.is_null()) {
                self.value(member.name, member.shape, value);
            }
        }
    }

    fn value(&mut self, name: &str, shape: &Shape, value: &Value) {
        match (&shape.kind, value) {
            (Kind::Structure { .. }, _) => {
                self.open(name);
                self.members(shape, value);
                self.close(name);
            }
            (Kind::List { member, .. }, Value::Array(items)) => {
                self.open(name);
                for item in items.iter().filter(|item| !item.is_null()) {
                    self.value("member", member, item);
                }
                self.close(name);
            }
            (Kind::Map { key, value: of, .. }, Value::Object(entries)) => {
                self.open(name);
                for (entry, value) in entries {
                    self.open("entry");
                    self.value("key", key, &Value::String(entry.clone()));
                    self.value("value", of, value);
                    self.close("entry");
                }
                self.close(name);
            }
            _ => {
                if let Some(text) = text::write(shape, value) {
                    self.element(name, &text);
                }
            }
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}
