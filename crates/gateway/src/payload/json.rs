//! Writing JSON straight into a buffer: an event is built once for each request, and a tree of values in between would
//! be most of its cost.

use serde_json::Value;

/// An object or array under way.
#[derive(Debug, Default)]
pub struct JsonWriter {
    out: Vec<u8>,
    fresh: bool,
}

impl JsonWriter {
    pub fn with_capacity(capacity: usize) -> Self {
        Self { out: Vec::with_capacity(capacity), fresh: true }
    }

    pub fn begin_object(&mut self) {
        self.comma();
        self.out.push(b'{');
        self.fresh = true;
    }

    pub fn end_object(&mut self) {
        self.out.push(b'}');
        self.fresh = false;
    }

    pub fn begin_array(&mut self) {
        self.comma();
        self.out.push(b'[');
        self.fresh = true;
    }

    pub fn end_array(&mut self) {
        self.out.push(b']');
        self.fresh = false;
    }

    /// A member's name; its value comes next.
    pub fn name(&mut self, name: &str) {
        self.comma();
        push_string(&mut self.out, name);
        self.out.push(b':');
        self.fresh = true;
    }

    pub fn string(&mut self, text: &str) {
        self.comma();
        push_string(&mut self.out, text);
    }

    pub fn number(&mut self, number: i64) {
        self.comma();
        self.out.extend_from_slice(number.to_string().as_bytes());
    }

    pub fn bool(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    pub fn null(&mut self) {
        self.raw(b"null");
    }

    /// JSON that is ready.
    pub fn raw(&mut self, json: &[u8]) {
        self.comma();
        self.out.extend_from_slice(json);
    }

    pub fn value(&mut self, value: &Value) {
        let text = value.to_string();
        self.raw(text.as_bytes());
    }

    pub fn string_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.string(text),
            None => self.null(),
        }
    }

    /// `"name":"text"`.
    pub fn member(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    fn comma(&mut self) {
        if !self.fresh {
            self.out.push(b',');
        }
        self.fresh = false;
    }
}

/// RFC 8259, section 7: quotes, backslashes and control characters are escaped, all else stands as it is.
fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut from = 0;
    for (at, byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[from..at]);
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
        from = at + 1;
    }
    out.extend_from_slice(&bytes[from..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn commas_fall_where_they_should() {
        let mut json = JsonWriter::with_capacity(64);
        json.begin_object();
        json.member("a", "1");
        json.name("b");
        json.begin_array();
        json.string("x");
        json.number(2);
        json.begin_object();
        json.end_object();
        json.end_array();
        json.name("c");
        json.null();
        json.end_object();
        assert_eq!(json.into_bytes(), br#"{"a":"1","b":["x",2,{}],"c":null}"#);
    }

    proptest! {
        #[test]
        fn any_text_survives(text in any::<String>()) {
            let mut out = Vec::new();
            push_string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
