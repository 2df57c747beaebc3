//! YAML text to [`Node`]s (YAML 1.2.2), with the short tags of CloudFormation.
//!
//! Built on the parser's events rather than on a finished tree, for three reasons: a key written twice is seen, an
//! alias is counted for what it stands for (so a "billion laughs" file is refused after a bounded amount of work), and
//! every value keeps its place.

mod scalars;
mod tags;

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use crate::{
    diagnostics::Diagnostic,
    node::{Entry, Map, Node, Value},
    place::{FileId, Place},
};

/// The largest file read, in bytes. CloudFormation takes templates of 1 MB (AWS CloudFormation User Guide,
/// "Understand CloudFormation quotas"); a source twice that long is not one.
pub const LARGEST_FILE: usize = 2 * 1024 * 1024;
/// How many values one file may hold, aliases counted for what they stand for.
const MOST_VALUES: usize = 100_000;
const DEEPEST: usize = 100;

/// Reads the one document in `text`. What can be read is given back even where something is wrong, so that more can be
/// checked in one go; `None` where the text is not YAML at all.
pub fn read(text: &str, file: FileId, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut reader = Reader {
        file,
        offsets: Offsets::new(text),
        problems,
        anchors: HashMap::new(),
        stack: Vec::new(),
        document: None,
        values: 0,
    };
    let mut parser = Parser::new_from_str(text);
    loop {
        match parser.next_event() {
            None | Some(Ok((Event::StreamEnd, _))) => break,
            Some(Ok((event, span))) => {
                if let Err(problem) = reader.take(event, span) {
                    reader.problems.push(problem);
                    return None;
                }
            }
            Some(Err(error)) => {
                let place = reader.point(error.marker().index());
                reader.problems.push(Diagnostic::error(place, format!("not YAML: {}", error.info())));
                return None;
            }
        }
    }
    Some(reader.document.unwrap_or_else(|| Node::new(Value::Null, Place::start_of(file))))
}

struct Reader<'a> {
    file: FileId,
    offsets: Offsets,
    problems: &'a mut Vec<Diagnostic>,
    anchors: HashMap<usize, Node>,
    stack: Vec<Open>,
    document: Option<Node>,
    values: usize,
}

/// A list or a map that is not closed yet.
struct Open {
    start: usize,
    anchor: usize,
    tag: Option<Tag>,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { map: Map, seen: HashMap<String, Place>, key: Option<(String, Place, bool)>, merges: Vec<Node> },
}

impl Reader<'_> {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let start = span.start.index();
        match event {
            Event::DocumentStart(_) if self.document.is_some() => {
                return Err(Diagnostic::error(self.point(start), "a second document: only one is read")
                    .help("remove everything after the line '---'"));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let place = self.place(start, span.end.index());
                if self.wants_key() {
                    self.take_key(&text, style, place);
                    return Ok(());
                }
                let tag = tag.map(std::borrow::Cow::into_owned);
                let value = match &tag {
                    Some(tag) => tags::scalar(tag, &text, place)?,
                    None if style == ScalarStyle::Plain => scalars::plain(&text),
                    None => Value::Text(text.into_owned()),
                };
                return self.finish(Node::new(value, place), anchor);
            }
            Event::Alias(anchor) => {
                let place = self.place(start, span.end.index());
                let Some(mut node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Diagnostic::error(place, "an alias to itself or to nothing"));
                };
                if self.wants_key() {
                    return match node.as_text() {
                        Some(text) => {
                            let text = text.to_owned();
                            self.take_key(&text, ScalarStyle::DoubleQuoted, place);
                            Ok(())
                        }
                        None => Err(Diagnostic::error(place, "a key must be text")),
                    };
                }
                self.values += node.size();
                node.place = place;
                return self.finish(node, 0);
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(start, anchor, tag.map(std::borrow::Cow::into_owned), Content::List(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                let content =
                    Content::Map { map: Map::default(), seen: HashMap::new(), key: None, merges: Vec::new() };
                self.open(start, anchor, tag.map(std::borrow::Cow::into_owned), content)?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.stack.pop() else { return Ok(()) };
                let place = self.place(open.start, span.end.index().max(open.start));
                let value = match open.content {
                    Content::List(items) => Value::List(items),
                    Content::Map { mut map, merges, .. } => {
                        merge_under(&mut map, merges);
                        Value::Map(map)
                    }
                };
                let value = match &open.tag {
                    Some(tag) => tags::collection(tag, value, place)?,
                    None => value,
                };
                return self.finish(Node::new(value, place), open.anchor);
            }
            _ => {}
        }
        Ok(())
    }

    fn open(
        &mut self,
        start: usize,
        anchor: usize,
        tag: Option<Tag>,
        content: Content,
    ) -> Result<(), Diagnostic> {
        if self.wants_key() {
            return Err(Diagnostic::error(self.point(start), "a key must be text, not a list or an object"));
        }
        if self.stack.len() >= DEEPEST {
            return Err(Diagnostic::error(
                self.point(start),
                format!("nested more than {DEEPEST} levels deep"),
            ));
        }
        self.stack.push(Open { start, anchor, tag, content });
        Ok(())
    }

    fn wants_key(&self) -> bool {
        matches!(self.stack.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    fn take_key(&mut self, text: &str, style: ScalarStyle, place: Place) {
        let Some(Open { content: Content::Map { seen, key, .. }, .. }) = self.stack.last_mut() else {
            return;
        };
        let merges = style == ScalarStyle::Plain && text == "<<";
        let text = if style == ScalarStyle::Plain { scalars::as_key(text) } else { text.to_owned() };
        if !merges && let Some(first) = seen.insert(text.clone(), place) {
            self.problems.push(
                Diagnostic::error(place, format!("the key '{text}' is written twice"))
                    .also(first, "first here")
                    .help("keep one of them; a second one would silently win"),
            );
        }
        *key = Some((text, place, merges));
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Diagnostic> {
        self.values += 1;
        if self.values > MOST_VALUES {
            return Err(Diagnostic::error(
                node.place,
                format!("more than {MOST_VALUES} values, aliases counted for what they stand for"),
            ));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut().map(|open| &mut open.content) {
            None => self.document = Some(node),
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map { map, key, merges, .. }) => {
                if let Some((key, key_place, is_merge)) = key.take() {
                    if is_merge {
                        check_merge(&node)?;
                        merges.push(node);
                    } else {
                        map.entries.retain(|entry| entry.key != key);
                        map.entries.push(Entry { key, key_place, value: node });
                    }
                }
            }
        }
        Ok(())
    }

    fn place(&self, start: usize, end: usize) -> Place {
        Place { file: self.file, start: self.offsets.byte(start), end: self.offsets.byte(end) }
    }

    fn point(&self, at: usize) -> Place {
        self.place(at, at + 1)
    }
}

/// `<<: *base` and `<<: [*a, *b]`: the merge key of YAML 1.1, which everyone uses in YAML 1.2 too.
fn check_merge(node: &Node) -> Result<(), Diagnostic> {
    let is_map = |node: &Node| node.as_map().is_some();
    if is_map(node) || node.as_list().is_some_and(|items| items.iter().all(is_map)) {
        return Ok(());
    }
    Err(Diagnostic::error(node.place, "'<<' merges an object or a list of objects into this one"))
}

fn merge_under(map: &mut Map, merges: Vec<Node>) {
    for node in merges {
        let maps = match node.value {
            Value::Map(map) => vec![map],
            Value::List(items) => items
                .into_iter()
                .filter_map(|item| if let Value::Map(map) = item.value { Some(map) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        for entry in maps.into_iter().flat_map(|map| map.entries) {
            if map.get(&entry.key).is_none() {
                map.entries.push(entry);
            }
        }
    }
}

/// The parser counts characters; files are sliced by bytes.
struct Offsets {
    /// Empty where the text is ASCII and the two are the same.
    bytes: Vec<u32>,
    end: u32,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let bytes = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect()
        };
        Self { bytes, end }
    }

    fn byte(&self, character: usize) -> u32 {
        if self.bytes.is_empty() {
            return u32::try_from(character).unwrap_or(u32::MAX).min(self.end);
        }
        self.bytes.get(character).copied().unwrap_or(self.end)
    }
}

#[cfg(test)]
mod tests;
