//! YAML 1.2 text to a tree with places, CloudFormation's short tags (`!Ref`, `!GetAtt`, …) written out.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::Number;

use super::{Content, Entry, MAX_DEPTH, Node, Problem, Span};

/// Nodes a document may come to once its aliases are followed: a "billion laughs" stops here.
const MAX_NODES: usize = 200_000;

pub fn read(text: &str) -> Result<Node, Problem> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            Problem::new(place(*error.marker()), format!("YAML not well-formed. {}", error.info()))
        })?;
        builder.take(event, place(span.start))?;
    }
    builder.root.ok_or_else(|| {
        Problem::new(Span { line: 1, column: 1 }, "YAML not well-formed. There is no document")
    })
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

/// A list or mapping whose end has not come yet.
struct Open {
    span: Span,
    anchor: usize,
    tag: Option<Tag>,
    started_at: usize,
    kind: OpenKind,
}

enum OpenKind {
    List(Vec<Node>),
    /// With the key whose value comes next.
    Map(Vec<Entry>, Option<(String, Span)>),
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                if self.wants_key() {
                    return self.key(text.into_owned(), span);
                }
                let tag = tag.map(Cow::into_owned);
                let content = scalar(&text, style, tag.as_ref());
                self.count(span, 1)?;
                self.place(Node { span, content }, tag, anchor, 1)
            }
            Event::SequenceStart(anchor, tag) => self.begin(span, anchor, tag, OpenKind::List(Vec::new())),
            Event::MappingStart(anchor, tag) => {
                self.begin(span, anchor, tag, OpenKind::Map(Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(span),
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).cloned();
                let (node, size) = known.ok_or_else(|| {
                    Problem::new(span, "YAML not well-formed. An alias names an anchor that is not there")
                })?;
                self.count(span, size)?;
                self.place(node, None, 0, size)
            }
            Event::DocumentStart(_) if self.root.is_some() => Err(Problem::new(
                span,
                "YAML not well-formed. A template is one document; a second begins here",
            )),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { kind: OpenKind::Map(_, None), .. }))
    }

    fn key(&mut self, key: String, span: Span) -> Result<(), Problem> {
        if let Some(Open { kind: OpenKind::Map(entries, waiting), .. }) = self.open.last_mut() {
            if entries.iter().any(|entry| entry.key == key) {
                return Err(Problem::new(span, format!("YAML not well-formed. Duplicate key '{key}'")));
            }
            *waiting = Some((key, span));
        }
        Ok(())
    }

    fn begin(
        &mut self,
        span: Span,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        kind: OpenKind,
    ) -> Result<(), Problem> {
        if self.wants_key() {
            return Err(Problem::new(span, "YAML not well-formed. A key must be a string"));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Problem::new(span, "YAML not well-formed. It is nested too deeply"));
        }
        let started_at = self.nodes;
        self.count(span, 1)?;
        self.open.push(Open { span, anchor, tag: tag.map(Cow::into_owned), started_at, kind });
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Problem> {
        let Some(open) = self.open.pop() else {
            return Err(Problem::new(span, "YAML not well-formed. Something ends that did not begin"));
        };
        let content = match open.kind {
            OpenKind::List(items) => Content::List(items),
            OpenKind::Map(entries, _) => Content::Map(entries),
        };
        let size = self.nodes - open.started_at;
        self.place(Node { span: open.span, content }, open.tag, open.anchor, size)
    }

    fn place(&mut self, node: Node, tag: Option<Tag>, anchor: usize, size: usize) -> Result<(), Problem> {
        let node = match tag {
            Some(tag) => written_out(&tag, node)?,
            None => node,
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { kind: OpenKind::List(items), .. }) => items.push(node),
            Some(Open { kind: OpenKind::Map(entries, waiting), .. }) => {
                if let Some((key, key_span)) = waiting.take() {
                    entries.push(Entry { key, key_span, node });
                } else if let Some(key) = node.as_text() {
                    *waiting = Some((key.to_owned(), node.span));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, span: Span, nodes: usize) -> Result<(), Problem> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES {
            return Err(Problem::new(
                span,
                format!("YAML not well-formed. It comes to more than {MAX_NODES} nodes"),
            ));
        }
        Ok(())
    }
}

/// `!Sub x` → `{"Fn::Sub": x}`. `!GetAtt a.b` splits at the first dot, as CloudFormation does.
fn written_out(tag: &Tag, node: Node) -> Result<Node, Problem> {
    if tag.handle != "!" {
        return if tag.is_yaml_core_schema() { Ok(node) } else { Err(unknown_tag(tag, node.span)) };
    }
    let key = match tag.suffix.as_str() {
        "" => return Ok(node),
        "Ref" | "Condition" => tag.suffix.clone(),
        "And" | "Base64" | "Cidr" | "Equals" | "FindInMap" | "GetAZs" | "GetAtt" | "If" | "ImportValue"
        | "Join" | "Length" | "Not" | "Or" | "Select" | "Split" | "Sub" | "ToJsonString" | "Transform" => {
            format!("Fn::{}", tag.suffix)
        }
        _ => return Err(unknown_tag(tag, node.span)),
    };
    let span = node.span;
    let argument = match node.as_text().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) if tag.suffix == "GetAtt" => {
            Node::list(span, vec![Node::text(span, resource), Node::text(span, attribute)])
        }
        _ => node,
    };
    Ok(Node { span, content: Content::Map(vec![Entry { key, key_span: span, node: argument }]) })
}

fn unknown_tag(tag: &Tag, span: Span) -> Problem {
    Problem::new(span, format!("YAML not well-formed. Unknown tag {tag}"))
}

/// The core schema's scalars. A number whose text would not come back the same (`012345678901`, `1.10`) stays text:
/// account ids and versions are not arithmetic.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Content {
    let forced_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if style != ScalarStyle::Plain || forced_text {
        return Content::Text(text.to_owned());
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Content::Null,
        "true" | "True" | "TRUE" => return Content::Bool(true),
        "false" | "False" | "FALSE" => return Content::Bool(false),
        _ => {}
    }
    let looks_numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    if looks_numeric
        && let Ok(number) = text.parse::<Number>()
        && number.to_string() == text
    {
        return Content::Number(number);
    }
    Content::Text(text.to_owned())
}

fn place(marker: Marker) -> Span {
    Span { line: marker.line(), column: marker.col() + 1 }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn value(text: &str) -> serde_json::Value {
        read(text).unwrap().to_value()
    }

    #[test]
    fn short_tags_are_written_out() {
        assert_eq!(
            value(
                "a: !Ref Pool\nb: !GetAtt Pool.Arn.X\nc: !Join ['-', [!Ref A, b]]\nd: !If\n  - C\n  - !Sub '${A}'\n  - 2\ne: !Condition Prod\n"
            ),
            json!({
                "a": {"Ref": "Pool"},
                "b": {"Fn::GetAtt": ["Pool", "Arn.X"]},
                "c": {"Fn::Join": ["-", [{"Ref": "A"}, "b"]]},
                "d": {"Fn::If": ["C", {"Fn::Sub": "${A}"}, 2]},
                "e": {"Condition": "Prod"},
            })
        );
    }

    #[test]
    fn scalars_keep_what_would_be_lost() {
        assert_eq!(
            value(
                "a: 012345678901\nb: 1.10\nc: 1.5\nd: 30\ne: False\nf: OFF\ng: 2012-10-17\nh: '1'\ni:\nj: ''\n"
            ),
            json!({"a": "012345678901", "b": "1.10", "c": 1.5, "d": 30, "e": false, "f": "OFF",
                   "g": "2012-10-17", "h": "1", "i": null, "j": ""})
        );
    }

    #[test]
    fn places_begin_at_one() {
        let node = read("Resources:\n  A:\n    Type: X\n").unwrap();
        let entry = &node.member("Resources").unwrap().as_map().unwrap()[0];
        assert_eq!(entry.key_span, Span { line: 2, column: 3 });
        assert_eq!(entry.node.member("Type").unwrap().span, Span { line: 3, column: 11 });
    }

    #[test]
    fn duplicate_keys_unknown_tags_and_laughter_are_refused() {
        let problem = read("a: 1\nb: 2\na: 3\n").unwrap_err();
        assert_eq!((problem.span.line, problem.message.contains("Duplicate key 'a'")), (3, true));
        assert!(read("a: !Nope x\n").unwrap_err().message.contains("!Nope"));
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..9 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            text.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
        }
        assert!(read(&text).unwrap_err().message.contains("nodes"));
        assert!(read(&"[".repeat(5000)).is_err());
        assert!(read("a: [1, 2\n").is_err());
    }

    #[test]
    fn aliases_are_followed() {
        assert_eq!(value("a: &x {b: 1}\nc: *x\n"), json!({"a": {"b": 1}, "c": {"b": 1}}));
    }
}
