//! Who refers to whom, read from the text alone.

use std::collections::BTreeMap;

use crate::template::{Content, Node, Problem, Span};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub span: Span,
    pub target: Target,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A parameter, pseudo parameter or resource.
    Ref(String),
    /// A resource's attribute; `None` where the attribute's name is itself worked out later.
    Attribute(String, Option<String>),
    Condition(String),
    Map(String),
}

/// The intrinsic function a mapping is, if it is one: its name and argument.
pub fn intrinsic(node: &Node) -> Option<(&str, &Node)> {
    match node.as_map()? {
        [only]
            if only.key == "Ref"
                || only.key.starts_with("Fn::")
                || (only.key == "Condition" && only.node.as_text().is_some()) =>
        {
            Some((&only.key, &only.node))
        }
        _ => None,
    }
}

/// Every reference under `node`. With `conditions`, only the branch of an `Fn::If` that is taken.
pub fn collect(node: &Node, conditions: Option<&BTreeMap<String, bool>>, found: &mut Vec<Reference>) {
    match intrinsic(node) {
        Some(("Ref", argument)) => {
            if let Some(name) = argument.as_text() {
                found.push(Reference { span: argument.span, target: Target::Ref(name.to_owned()) });
            }
        }
        Some(("Condition", argument)) => {
            if let Some(name) = argument.as_text() {
                found.push(Reference { span: argument.span, target: Target::Condition(name.to_owned()) });
            }
        }
        Some(("Fn::GetAtt", argument)) => {
            if let Some((resource, attribute)) = get_att(argument) {
                found.push(Reference { span: argument.span, target: Target::Attribute(resource, attribute) });
            }
            for item in argument.as_list().unwrap_or_default() {
                collect(item, conditions, found);
            }
        }
        Some(("Fn::Sub", argument)) => sub(argument, conditions, found),
        Some(("Fn::FindInMap", argument)) => {
            let items = argument.as_list().unwrap_or_default();
            if let Some(name) = items.first().and_then(Node::as_text) {
                found.push(Reference { span: argument.span, target: Target::Map(name.to_owned()) });
            }
            items.iter().for_each(|item| collect(item, conditions, found));
        }
        Some(("Fn::If", argument)) => {
            let items = argument.as_list().unwrap_or_default();
            let name = items.first().and_then(Node::as_text);
            if let Some(name) = name {
                found.push(Reference { span: argument.span, target: Target::Condition(name.to_owned()) });
            }
            let taken = name.and_then(|name| conditions?.get(name));
            for (at, item) in items.iter().enumerate().skip(1) {
                if taken.is_none_or(|holds| *holds == (at == 1)) {
                    collect(item, conditions, found);
                }
            }
        }
        _ => match &node.content {
            Content::List(items) => items.iter().for_each(|item| collect(item, conditions, found)),
            Content::Map(entries) => entries.iter().for_each(|entry| collect(&entry.node, conditions, found)),
            _ => {}
        },
    }
}

/// `[resource, attribute]`, `[resource, "A", "B"]` or `"resource.attribute"`.
pub fn get_att(argument: &Node) -> Option<(String, Option<String>)> {
    if let Some(text) = argument.as_text() {
        return text
            .split_once('.')
            .map(|(resource, attribute)| (resource.to_owned(), Some(attribute.to_owned())));
    }
    let (resource, rest) = argument.as_list()?.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let parts: Option<Vec<String>> = rest.iter().map(Node::scalar_text).collect();
    Some((resource.as_text()?.to_owned(), parts.map(|parts| parts.join("."))))
}

/// A piece of an `Fn::Sub` text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Literal(&'a str),
    /// `${!Name}`, which stands for `${Name}`.
    Escaped(&'a str),
    Variable(&'a str),
}

pub fn pieces(text: &str, span: Span) -> Result<Vec<Piece<'_>>, Problem> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        if start > 0 {
            pieces.push(Piece::Literal(&rest[..start]));
        }
        let inner = &rest[start + 2..];
        let Some(end) = inner.find('}') else {
            return Err(Problem::new(span, "Template error: Fn::Sub: a '${' has no '}'"));
        };
        let name = &inner[..end];
        pieces.push(match name.strip_prefix('!') {
            Some(escaped) => Piece::Escaped(escaped),
            None => Piece::Variable(name.trim()),
        });
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    Ok(pieces)
}

fn sub(argument: &Node, conditions: Option<&BTreeMap<String, bool>>, found: &mut Vec<Reference>) {
    let (text, own) = match argument.as_list() {
        Some([text, own]) => (text, own.as_map().unwrap_or_default()),
        _ => (argument, Default::default()),
    };
    own.iter().for_each(|entry| collect(&entry.node, conditions, found));
    let Some(text_value) = text.as_text() else { return };
    for piece in pieces(text_value, text.span).unwrap_or_default() {
        let Piece::Variable(name) = piece else { continue };
        if own.iter().any(|entry| entry.key == name) {
            continue;
        }
        let target = match name.split_once('.') {
            Some((resource, attribute)) => Target::Attribute(resource.to_owned(), Some(attribute.to_owned())),
            None => Target::Ref(name.to_owned()),
        };
        found.push(Reference { span: text.span, target });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<Target> {
        let mut found = Vec::new();
        collect(&crate::template::read(text).unwrap(), None, &mut found);
        found.into_iter().map(|reference| reference.target).collect()
    }

    #[test]
    fn sub_names_what_it_does_not_define() {
        assert_eq!(
            found("a: !Sub ['${A}-${B.C.D}-${!E}-${F}', {F: !Ref G}]"),
            [
                Target::Ref("G".into()),
                Target::Ref("A".into()),
                Target::Attribute("B".into(), Some("C.D".into()))
            ]
        );
    }

    #[test]
    fn get_att_in_its_three_forms() {
        for text in ["a: !GetAtt A.B.C", "a: {Fn::GetAtt: [A, B.C]}", "a: {'Fn::GetAtt': A.B.C}"] {
            assert_eq!(found(text), [Target::Attribute("A".into(), Some("B.C".into()))], "{text}");
        }
    }

    #[test]
    fn only_the_taken_branch_counts_when_conditions_are_known() {
        let node = crate::template::read("a: !If [P, !Ref A, !Ref B]").unwrap();
        let mut references = Vec::new();
        collect(&node, Some(&BTreeMap::from([(String::from("P"), false)])), &mut references);
        assert_eq!(references[1].target, Target::Ref("B".into()));
        assert_eq!(references.len(), 2);
    }
}
