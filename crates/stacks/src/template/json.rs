//! JSON text (RFC 8259) to a tree with places.

use serde_json::Number;

use super::{Content, Entry, MAX_DEPTH, Node, Problem, Span};

pub fn read(text: &str) -> Result<Node, Problem> {
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0, depth: 0 };
    let node = reader.node()?;
    reader.blank();
    if reader.peek().is_some() {
        return Err(reader.malformed("something stands behind the end of the document"));
    }
    Ok(node)
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    line: usize,
    line_start: usize,
    depth: usize,
}

impl Reader<'_> {
    fn node(&mut self) -> Result<Node, Problem> {
        self.blank();
        let span = self.span();
        let content = match self.peek() {
            Some(b'{') => self.map()?,
            Some(b'[') => self.list()?,
            Some(b'"') => Content::Text(self.string()?),
            Some(b't') => self.word("true", Content::Bool(true))?,
            Some(b'f') => self.word("false", Content::Bool(false))?,
            Some(b'n') => self.word("null", Content::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return Err(self.malformed("a value is missing")),
        };
        Ok(Node { span, content })
    }

    fn map(&mut self) -> Result<Content, Problem> {
        self.enter()?;
        let mut entries: Vec<Entry> = Vec::new();
        self.blank();
        if self.peek() != Some(b'}') {
            loop {
                self.blank();
                let key_span = self.span();
                if self.peek() != Some(b'"') {
                    return Err(self.malformed("a key in quotes is missing"));
                }
                let key = self.string()?;
                if entries.iter().any(|entry| entry.key == key) {
                    return Err(Problem::new(
                        key_span,
                        format!("JSON not well-formed. Duplicate key '{key}'"),
                    ));
                }
                self.blank();
                self.expect(b':')?;
                let node = self.node()?;
                entries.push(Entry { key, key_span, node });
                self.blank();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    _ => break,
                }
            }
        }
        self.expect(b'}')?;
        self.depth -= 1;
        Ok(Content::Map(entries))
    }

    fn list(&mut self) -> Result<Content, Problem> {
        self.enter()?;
        let mut items = Vec::new();
        self.blank();
        if self.peek() != Some(b']') {
            loop {
                items.push(self.node()?);
                self.blank();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    _ => break,
                }
            }
        }
        self.expect(b']')?;
        self.depth -= 1;
        Ok(Content::List(items))
    }

    /// Finds the closing quote, then lets `serde_json` read the escapes.
    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(b'\n') | None => return Err(self.malformed("a string does not end")),
                Some(_) => end += 1,
            }
        }
        let slice = self.text.get(start..=end).ok_or_else(|| self.malformed("a string does not end"))?;
        let text = serde_json::from_str(slice).map_err(|cause| self.malformed(&cause.to_string()))?;
        self.at = end + 1;
        Ok(text)
    }

    fn number(&mut self) -> Result<Content, Problem> {
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')) {
            self.at += 1;
        }
        match serde_json::from_str::<Number>(&self.text[start..self.at]) {
            Ok(number) => Ok(Content::Number(number)),
            Err(cause) => {
                self.at = start;
                Err(self.malformed(&cause.to_string()))
            }
        }
    }

    fn word(&mut self, word: &str, content: Content) -> Result<Content, Problem> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            Ok(content)
        } else {
            Err(self.malformed("a value is missing"))
        }
    }

    fn enter(&mut self) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.malformed("it is nested too deeply"));
        }
        self.at += 1;
        Ok(())
    }

    fn expect(&mut self, byte: u8) -> Result<(), Problem> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.malformed(&format!("'{}' is missing", char::from(byte))))
        }
    }

    fn blank(&mut self) {
        while let Some(byte @ (b' ' | b'\t' | b'\r' | b'\n')) = self.peek() {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
                self.line_start = self.at;
            }
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn span(&self) -> Span {
        let before = self.text.get(self.line_start..self.at).unwrap_or_default();
        Span { line: self.line, column: before.chars().count() + 1 }
    }

    fn malformed(&self, cause: &str) -> Problem {
        Problem::new(self.span(), format!("JSON not well-formed. {cause}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_serde_json_reads() {
        let text = r#" {"a": [1, -2.5, "x\u00e9\n", true, null], "b": {"c": {}}, "d": []} "#;
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        assert_eq!(read(text).unwrap().to_value(), expected);
    }

    #[test]
    fn places_count_characters() {
        let node = read("{\n  \"ü\": [1,\n 2]}").unwrap();
        let list = node.member("ü").unwrap();
        assert_eq!(list.span, Span { line: 2, column: 8 });
        assert_eq!(list.as_list().unwrap()[1].span, Span { line: 3, column: 2 });
    }

    #[test]
    fn says_where_it_stopped_making_sense() {
        for (text, line, column) in [
            ("{\n\"a\": }", 2, 6),
            ("{\"a\": 1,\n\"a\": 2}", 2, 1),
            ("[1 2]", 1, 4),
            ("{\"a\": \"x", 1, 7),
            ("{} x", 1, 4),
        ] {
            let problem = read(text).unwrap_err();
            assert_eq!(
                (problem.span.line, problem.span.column),
                (line, column),
                "{text}: {}",
                problem.message
            );
        }
        assert!(read(&"[".repeat(5000)).is_err());
    }
}
