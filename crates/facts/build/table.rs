//! Reads a `.facts` table.
//!
//! A table is paragraphs. The first line of a paragraph is a kind, a name and `word=value` pairs or flags; the indented
//! lines under it tell more:
//! ```text
//! service NAME                      version, protocol, json (version), target (prefix of X-Amz-Target), namespace
//! operation NAME                    http METHOD URI [STATUS], unsigned, input SHAPE, output SHAPE [in=ELEMENT],
//!                                   errors SHAPE…, page token=MEMBER next=MEMBER [limit=MEMBER]
//! structure NAME [payload=MEMBER]   MEMBER SHAPE [required] [uri=…|querystring=…|header=…|headers=…|statusCode=…]
//! error NAME status=N [code=CODE]   members, as in a structure
//! list NAME member=SHAPE [min=N] [max=N]        map NAME key=SHAPE value=SHAPE [min=N] [max=N]
//! string NAME [min=N] [max=N]       pattern REST-OF-LINE (a Java regular expression), enum VALUE…
//! integer|long|double|float NAME [min=N] [max=N]     boolean|timestamp|blob|document NAME
//! ```
//! Any shape may carry `sensitive`. A line that begins with `#` is a remark.

use std::collections::BTreeMap;

#[derive(Default)]
pub struct Table {
    pub service: String,
    pub facts: BTreeMap<String, String>,
    pub operations: Vec<Operation>,
    pub shapes: BTreeMap<String, Shape>,
}

#[derive(Default)]
pub struct Operation {
    pub name: String,
    pub method: String,
    pub uri: String,
    pub status: u16,
    pub unsigned: bool,
    pub input: Option<String>,
    pub output: Option<String>,
    pub wrapper: Option<String>,
    pub errors: Vec<String>,
    pub page: Option<BTreeMap<String, String>>,
}

#[derive(Default)]
pub struct Shape {
    pub kind: String,
    /// `word=value` pairs of the first line.
    pub pairs: BTreeMap<String, String>,
    pub flags: Vec<String>,
    pub pattern: Option<String>,
    pub values: Vec<String>,
    pub members: Vec<Member>,
}

pub struct Member {
    pub name: String,
    pub shape: String,
    pub required: bool,
    /// Where it stands in a request or answer, and by which name.
    pub location: Option<(String, String)>,
}

impl Shape {
    pub fn sensitive(&self) -> bool {
        self.flags.iter().any(|flag| flag == "sensitive")
    }
}

impl Table {
    pub fn read(text: &str) -> Result<Self, String> {
        let mut table = Self::default();
        let mut now = Paragraph::None;
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let done = match line.strip_prefix("  ") {
                Some(more) => table.more(&now, more),
                None => table.begin(line).map(|paragraph| now = paragraph),
            };
            done.map_err(|what| format!("line {}: {what}: {line}", number + 1))?;
        }
        table.check()?;
        Ok(table)
    }

    fn begin(&mut self, line: &str) -> Result<Paragraph, String> {
        let mut words = line.split(' ');
        let kind = words.next().unwrap_or_default();
        let name = words.next().ok_or("a name was expected")?.to_owned();
        match kind {
            "service" => {
                self.service = name;
                Ok(Paragraph::Service)
            }
            "operation" => {
                self.operations.push(Operation { name, status: 200, ..Operation::default() });
                Ok(Paragraph::Operation)
            }
            _ => {
                let mut shape = Shape { kind: kind.to_owned(), ..Shape::default() };
                for word in words {
                    match word.split_once('=') {
                        Some((key, value)) => drop(shape.pairs.insert(key.to_owned(), value.to_owned())),
                        None => shape.flags.push(word.to_owned()),
                    }
                }
                self.shapes.insert(name.clone(), shape);
                Ok(Paragraph::Shape(name))
            }
        }
    }

    fn more(&mut self, now: &Paragraph, line: &str) -> Result<(), String> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match now {
            Paragraph::None => return Err(String::from("nothing to tell more of")),
            Paragraph::Service => drop(self.facts.insert(word.to_owned(), rest.to_owned())),
            Paragraph::Operation => {
                let operation = self.operations.last_mut().ok_or("no operation")?;
                operation.more(word, rest)?;
            }
            Paragraph::Shape(name) => {
                let shape = self.shapes.get_mut(name).ok_or("no shape")?;
                let holds_members = matches!(shape.kind.as_str(), "structure" | "error");
                match word {
                    "pattern" if !holds_members => shape.pattern = Some(rest.to_owned()),
                    "enum" if !holds_members => shape.values = words(rest),
                    _ if holds_members => shape.members.push(member(word, rest)?),
                    _ => return Err(String::from("an unknown word")),
                }
            }
        }
        Ok(())
    }

    /// Every name that is used is there.
    fn check(&self) -> Result<(), String> {
        let operations = self
            .operations
            .iter()
            .flat_map(|operation| operation.input.iter().chain(&operation.output).chain(&operation.errors));
        let shapes = self.shapes.values().flat_map(|shape| {
            let parts = ["member", "key", "value"].into_iter().filter_map(|part| shape.pairs.get(part));
            shape.members.iter().map(|member| &member.shape).chain(parts)
        });
        match operations.chain(shapes).find(|name| !self.shapes.contains_key(*name)) {
            Some(name) => Err(format!("the shape {name} is used and not there")),
            None => Ok(()),
        }
    }
}

enum Paragraph {
    None,
    Service,
    Operation,
    Shape(String),
}

impl Operation {
    fn more(&mut self, word: &str, rest: &str) -> Result<(), String> {
        let rest_words = words(rest);
        match (word, rest_words.as_slice()) {
            ("http", [method, uri, status @ ..]) => {
                self.method.clone_from(method);
                self.uri.clone_from(uri);
                if let Some(status) = status.first() {
                    self.status = status.parse().map_err(|_| "a status was expected")?;
                }
            }
            ("unsigned", []) => self.unsigned = true,
            ("input", [shape]) => self.input = Some(shape.clone()),
            ("output", [shape, wrapper @ ..]) => {
                self.output = Some(shape.clone());
                self.wrapper = wrapper.first().and_then(|text| text.strip_prefix("in=")).map(str::to_owned);
            }
            ("errors", _) => self.errors = rest_words,
            ("page", pairs) => {
                let pair = |text: &String| {
                    text.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))
                };
                self.page = Some(pairs.iter().filter_map(pair).collect());
            }
            _ => return Err(String::from("an unknown word")),
        }
        Ok(())
    }
}

fn member(name: &str, rest: &str) -> Result<Member, String> {
    let mut words = rest.split(' ');
    let shape = words.next().filter(|word| !word.is_empty()).ok_or("a shape was expected")?.to_owned();
    let mut member = Member { name: name.to_owned(), shape, required: false, location: None };
    for word in words {
        match word.split_once('=') {
            Some((location, name)) => member.location = Some((location.to_owned(), name.to_owned())),
            None if word == "required" => member.required = true,
            None => return Err(format!("an unknown word '{word}'")),
        }
    }
    Ok(member)
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
