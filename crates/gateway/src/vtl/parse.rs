//! Text, references and directives.

use super::{
    TemplateError,
    ast::{Expression, Node},
    expression::Cursor,
};

pub fn parse(text: &str) -> Result<Vec<Node>, TemplateError> {
    let mut cursor = Cursor::new(text);
    let (nodes, end) = block(&mut cursor)?;
    match end {
        End::Text => Ok(nodes),
        End::Directive(name) => Err(cursor.error(format!("#{name} without its beginning"))),
    }
}

/// What ended a block.
enum End {
    Text,
    /// `else`, `elseif` or `end`, which is behind the cursor already.
    Directive(&'static str),
}

fn block(cursor: &mut Cursor<'_>) -> Result<(Vec<Node>, End), TemplateError> {
    let mut nodes = Vec::new();
    let mut literal = String::new();
    loop {
        let rest = cursor.rest();
        let at = rest.find(['$', '#']).unwrap_or(rest.len());
        literal.push_str(&rest[..at]);
        cursor.advance(at);
        if cursor.rest().is_empty() {
            push_text(&mut nodes, &mut literal);
            return Ok((nodes, End::Text));
        }
        let node = if cursor.rest().starts_with('$') {
            let start = cursor.position();
            cursor.reference()?.map(|(reference, quiet)| {
                Some(Node::Output { reference, written: cursor.since(start).to_owned(), quiet })
            })
        } else {
            match directive(cursor)? {
                Directive::Node(node) => Some(node),
                Directive::End(name) => {
                    push_text(&mut nodes, &mut literal);
                    return Ok((nodes, End::Directive(name)));
                }
                Directive::None => None,
            }
        };
        match node {
            Some(node) => {
                push_text(&mut nodes, &mut literal);
                nodes.extend(node);
            }
            None => {
                literal.push_str(&cursor.rest()[..1]);
                cursor.advance(1);
            }
        }
    }
}

fn push_text(nodes: &mut Vec<Node>, literal: &mut String) {
    if !literal.is_empty() {
        nodes.push(Node::Text(std::mem::take(literal)));
    }
}

enum Directive {
    /// Read; comments leave no node.
    Node(Option<Node>),
    End(&'static str),
    /// A `#` that is only that.
    None,
}

fn directive(cursor: &mut Cursor<'_>) -> Result<Directive, TemplateError> {
    let rest = cursor.rest();
    if rest.starts_with("##") {
        let line = rest.find('\n').map_or(rest.len(), |at| at + 1);
        cursor.advance(line);
        return Ok(Directive::Node(None));
    }
    if rest.starts_with("#*") {
        let end = rest.find("*#").ok_or_else(|| cursor.error("a comment does not end"))?;
        cursor.advance(end + 2);
        return Ok(Directive::Node(None));
    }
    if let Some(inner) = rest.strip_prefix("#[[") {
        let end = inner.find("]]#").ok_or_else(|| cursor.error("#[[ does not end"))?;
        cursor.advance(end + 6);
        return Ok(Directive::Node(Some(Node::Text(inner[..end].to_owned()))));
    }
    let start = cursor.position();
    cursor.advance(1);
    let braced = cursor.eat("{");
    let letters = cursor.rest().find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(cursor.rest().len());
    let name = &cursor.rest()[..letters];
    cursor.advance(letters);
    if braced && !cursor.eat("}") {
        cursor.go_to(start);
        return Ok(Directive::None);
    }
    let node = match name {
        "set" => cursor.nested(set)?,
        "if" => cursor.nested(conditional)?,
        "foreach" => cursor.nested(foreach)?,
        "break" => Node::Break,
        "stop" => Node::Stop,
        "else" => return Ok(Directive::End("else")),
        "elseif" => return Ok(Directive::End("elseif")),
        "end" => return Ok(Directive::End("end")),
        "include" | "parse" | "macro" | "define" | "evaluate" => {
            return Err(cursor.error(format!("#{name} is not supported in mapping templates")));
        }
        _ => {
            cursor.go_to(start);
            return Ok(Directive::None);
        }
    };
    Ok(Directive::Node(Some(node)))
}

/// The rest of a directive's own line, where nothing else is on it, is not part of the output.
fn end_of_line(cursor: &mut Cursor<'_>) {
    let rest = cursor.rest();
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    if rest[blanks..].starts_with('\n') {
        cursor.advance(blanks + 1);
    }
}

fn set(cursor: &mut Cursor<'_>) -> Result<Node, TemplateError> {
    cursor.expect("(")?;
    cursor.skip_blanks();
    let target = if cursor.rest().starts_with('$') { cursor.reference()? } else { None };
    let (target, _) = target.ok_or_else(|| cursor.error("#set needs a reference on its left"))?;
    cursor.expect("=")?;
    let value = cursor.expression()?;
    cursor.expect(")")?;
    end_of_line(cursor);
    Ok(Node::Set { target, value })
}

fn conditional(cursor: &mut Cursor<'_>) -> Result<Node, TemplateError> {
    let mut branches = vec![(condition(cursor)?, Vec::new())];
    loop {
        let (nodes, end) = block(cursor)?;
        if let Some((_, body)) = branches.last_mut() {
            *body = nodes;
        }
        match end {
            End::Text => return Err(cursor.error("#if without #end")),
            End::Directive("elseif") => branches.push((condition(cursor)?, Vec::new())),
            End::Directive("else") => {
                end_of_line(cursor);
                let (otherwise, end) = block(cursor)?;
                if !matches!(end, End::Directive("end")) {
                    return Err(cursor.error("#else without #end"));
                }
                end_of_line(cursor);
                return Ok(Node::If { branches, otherwise });
            }
            End::Directive(_) => {
                end_of_line(cursor);
                return Ok(Node::If { branches, otherwise: Vec::new() });
            }
        }
    }
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Expression, TemplateError> {
    cursor.expect("(")?;
    let condition = cursor.expression()?;
    cursor.expect(")")?;
    end_of_line(cursor);
    Ok(condition)
}

fn foreach(cursor: &mut Cursor<'_>) -> Result<Node, TemplateError> {
    cursor.expect("(")?;
    cursor.skip_blanks();
    let variable = if cursor.rest().starts_with('$') { cursor.reference()? } else { None };
    let variable = variable.filter(|(reference, _)| reference.steps.is_empty());
    let (variable, _) = variable.ok_or_else(|| cursor.error("#foreach needs a variable"))?;
    cursor.skip_blanks();
    if cursor.word() != Some("in") {
        return Err(cursor.error("#foreach needs 'in'"));
    }
    let over = cursor.expression()?;
    cursor.expect(")")?;
    end_of_line(cursor);
    let (body, end) = block(cursor)?;
    if !matches!(end, End::Directive("end")) {
        return Err(cursor.error("#foreach without #end"));
    }
    end_of_line(cursor);
    Ok(Node::Foreach { variable: variable.variable, over, body })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn mistakes_say_where() {
        for (text, line) in [
            ("a\n#if($x)\nb", 3),
            ("#end", 1),
            ("\n#set($x = )", 2),
            ("#foreach($x of $y)#end", 1),
            ("#set(x = 1)", 1),
            ("$x.y(", 1),
            ("#parse('x')", 1),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
        }
        assert!(parse(&format!("#set($x = {}1{})", "(".repeat(500), ")".repeat(500))).is_err());
        assert!(parse(&"#if(true)".repeat(500)).is_err());
    }

    #[test]
    fn signs_that_are_only_signs() {
        for text in ["$5 and #1", "a # b $ c", "#", "$", "color: #fff", "a$.b"] {
            assert_eq!(parse(text).unwrap(), [Node::Text(text.to_owned())], "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_brings_the_parser_down(text in "[$#!{}()\\[\\]'\".,a-z0-9 =\n]{0,64}") {
            let _ = parse(&text);
        }

        #[test]
        fn directives_in_any_order_are_read_or_refused(
            text in "(#if\\(|#end|#else|\\$a|\\)|#foreach\\(\\$a in |#set\\(\\$a = |'x'|\\[1\\.\\.3\\]| ){0,24}"
        ) {
            let _ = parse(&text);
        }
    }
}
