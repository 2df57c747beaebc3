//! XML out and in: what S3's answers and documents need of it.

use std::fmt::Write;

use quick_xml::{Reader, escape, events::Event};

use crate::ObjectError;

/// "The XML namespace of S3's answers".
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
/// Deeper than any document of S3.
const DEEPEST: usize = 12;

/// A document being written.
pub(crate) struct Xml {
    text: String,
    open: Vec<&'static str>,
}

impl Xml {
    pub fn document(root: &'static str) -> Self {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{NAMESPACE}\">");
        Self { text, open: vec![root] }
    }

    /// Errors have no namespace.
    pub fn plain(root: &'static str) -> Self {
        Self { text: format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>"), open: vec![root] }
    }

    #[must_use]
    pub fn text(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.add(name, value.as_ref());
        self
    }

    #[must_use]
    pub fn maybe(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// XML as it is: for an element with attributes.
    #[must_use]
    pub fn raw(mut self, xml: &str) -> Self {
        self.text.push_str(xml);
        self
    }

    #[must_use]
    pub fn open(mut self, name: &'static str) -> Self {
        let _ = write!(self.text, "<{name}>");
        self.open.push(name);
        self
    }

    #[must_use]
    pub fn close(mut self) -> Self {
        if let Some(name) = self.open.pop() {
            let _ = write!(self.text, "</{name}>");
        }
        self
    }

    /// An element for each of `items`.
    #[must_use]
    pub fn each<T>(self, items: impl IntoIterator<Item = T>, write: impl Fn(Self, T) -> Self) -> Self {
        items.into_iter().fold(self, write)
    }

    pub fn done(mut self) -> String {
        while !self.open.is_empty() {
            self = self.close();
        }
        self.text
    }

    fn add(&mut self, name: &str, value: &str) {
        let _ = write!(self.text, "<{name}>");
        for character in escape::escape(value).chars() {
            // What XML 1.0 has no room for S3 writes all the same, as a reference.
            if character < ' ' && !matches!(character, '\t' | '\n') {
                let _ = write!(self.text, "&#x{:x};", u32::from(character));
            } else {
                self.text.push(character);
            }
        }
        let _ = write!(self.text, "</{name}>");
    }
}

/// A document that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Without a prefix.
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

impl Element {
    /// The document, whose root must be called `root`.
    pub fn read(document: &[u8], root: &str) -> Result<Self, ObjectError> {
        let text = std::str::from_utf8(document).map_err(|_| ObjectError::MalformedXml)?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        loop {
            match reader.read_event().map_err(|_| ObjectError::MalformedXml)? {
                Event::Start(tag) if open.len() < DEEPEST => {
                    open.push(Self::named(tag.local_name().as_ref()))
                }
                Event::Empty(tag) if open.len() < DEEPEST => {
                    let element = Self::named(tag.local_name().as_ref());
                    if let Some(done) = close(&mut open, element) {
                        return named(done, root);
                    }
                }
                Event::End(_) => {
                    let element = open.pop().ok_or(ObjectError::MalformedXml)?;
                    if let Some(done) = close(&mut open, element) {
                        return named(done, root);
                    }
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|_| ObjectError::MalformedXml)?;
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|_| ObjectError::MalformedXml)?;
                    if let Some(element) = open.last_mut() {
                        element.text.push_str(&text);
                    }
                }
                Event::GeneralRef(reference) => {
                    let element = open.last_mut().ok_or(ObjectError::MalformedXml)?;
                    if let Some(character) =
                        reference.resolve_char_ref().map_err(|_| ObjectError::MalformedXml)?
                    {
                        element.text.push(character);
                    } else {
                        let name = reference.decode().map_err(|_| ObjectError::MalformedXml)?;
                        let known = escape::resolve_predefined_entity(&name);
                        element.text.push_str(known.ok_or(ObjectError::MalformedXml)?);
                    }
                }
                Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
                // A document type could define entities, and nothing here has one; nor is anything that deep.
                Event::DocType(_) | Event::Eof | Event::Start(_) | Event::Empty(_) => {
                    return Err(ObjectError::MalformedXml);
                }
            }
        }
    }

    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub fn one(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.one(name).map(|child| child.text.as_str())
    }

    pub fn required(&self, name: &str) -> Result<&str, ObjectError> {
        self.text_of(name).ok_or(ObjectError::MalformedXml)
    }

    fn named(name: &[u8]) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), ..Self::default() }
    }
}

/// Puts a finished element into the one it stands in; gives it back where it was the root.
fn close(open: &mut [Element], element: Element) -> Option<Element> {
    match open.last_mut() {
        Some(parent) => {
            parent.children.push(element);
            None
        }
        None => Some(element),
    }
}

fn named(root: Element, name: &str) -> Result<Element, ObjectError> {
    if root.name == name { Ok(root) } else { Err(ObjectError::MalformedXml) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_read_back() {
        let odd = "<a> & \"b\" ' é \u{1} \r";
        let text = Xml::plain("Delete").open("Object").text("Key", odd).done();
        assert!(text.ends_with(
            "<Delete><Object><Key>&lt;a&gt; &amp; &quot;b&quot; &apos; é &#x1; &#xd;</Key></Object></Delete>"
        ));
        let read = Element::read(text.as_bytes(), "Delete").unwrap();
        assert_eq!(read.one("Object").and_then(|object| object.text_of("Key")), Some(odd));
    }

    #[test]
    fn what_is_not_a_document_is_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><Delete>&a;</Delete>";
        let deep = format!("<Delete>{}", "<a>".repeat(100));
        for bad in
            ["", "x", "<Delete>", "<Other/>", "<Delete></Other>", "<Delete>&nbsp;</Delete>", bomb, &deep]
        {
            assert!(Element::read(bad.as_bytes(), "Delete").is_err(), "{bad}");
        }
        assert!(Element::read(b"\xff", "Delete").is_err());
        assert!(Element::read(b"<s3:Delete xmlns:s3='x'/>", "Delete").is_ok());
    }
}
