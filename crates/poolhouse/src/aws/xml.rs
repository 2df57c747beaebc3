//! The XML that AWS answers with, as a small tree: names without prefixes, text, children. Attributes mean nothing here.

use quick_xml::{Reader, events::Event};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub text: String,
    pub children: Vec<Element>,
}

const DEEPEST: usize = 64;

impl Element {
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = vec![Self::default()];
        loop {
            let event = reader.read_event().map_err(|error| error.to_string())?;
            match event {
                Event::Start(tag) => {
                    if open.len() > DEEPEST {
                        return Err(String::from("nested too deeply"));
                    }
                    open.push(Self { name: name(tag.local_name().as_ref()), ..Self::default() });
                }
                Event::Empty(tag) => {
                    let child = Self { name: name(tag.local_name().as_ref()), ..Self::default() };
                    last(&mut open)?.children.push(child);
                }
                Event::End(_) => {
                    let done = open.pop().ok_or("an end without a start")?;
                    last(&mut open)?.children.push(done);
                }
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| error.to_string())?;
                    last(&mut open)?.text.push_str(&text);
                }
                Event::CData(text) => {
                    let text = text.decode().map_err(|error| error.to_string())?;
                    last(&mut open)?.text.push_str(&text);
                }
                Event::GeneralRef(reference) => {
                    let character = match reference.resolve_char_ref().map_err(|error| error.to_string())? {
                        Some(character) => character.to_string(),
                        None => {
                            let named = reference.decode().map_err(|error| error.to_string())?;
                            let resolved = quick_xml::escape::resolve_predefined_entity(&named);
                            resolved.ok_or_else(|| format!("&{named}; is not known"))?.to_owned()
                        }
                    };
                    last(&mut open)?.text.push_str(&character);
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let root = open.pop().filter(|_| open.is_empty()).ok_or("it ends too early")?;
        root.children.into_iter().next().ok_or_else(|| String::from("there is no element"))
    }

    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first of this name, at any depth.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The text of a child; empty where there is none.
    pub fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.trim())
    }

    /// The items of a list: the `member` children of the child of this name.
    pub fn members(&self, name: &str) -> &[Self] {
        self.child(name).map_or(&[], |list| list.children.as_slice())
    }
}

fn last(open: &mut [Element]) -> Result<&mut Element, String> {
    open.last_mut().ok_or_else(|| String::from("an end without a start"))
}

fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_cloudformation_writes() {
        let text = "<?xml version=\"1.0\"?><R xmlns=\"http://x\"><Result><Stacks><member><Name>a &amp; b&#33;</Name><Empty/></member><member/></Stacks></Result></R>";
        let root = Element::parse(text).unwrap();
        let result = root.find("Result").unwrap();
        assert_eq!(result.members("Stacks").len(), 2);
        assert_eq!(result.members("Stacks")[0].text_of("Name"), "a & b!");
        assert_eq!(result.members("Nothing").len(), 0);
    }

    #[test]
    fn what_is_not_xml_is_an_error() {
        for text in ["", "text", "<a>", "<a></b>", "{}", "<a>&nope;</a>"] {
            assert!(Element::parse(text).is_err(), "{text}");
        }
        assert!(Element::parse(&"<a>".repeat(1000)).is_err());
    }
}
