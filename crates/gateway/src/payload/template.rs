//! Text with `$context.…` and `$stageVariables.…` in it, and nothing else of VTL: gateway responses and access logs.

use super::mapping::Sources;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextTemplate(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Context(String),
    StageVariable(String),
}

impl ContextTemplate {
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            match variable(rest) {
                Some((piece, length)) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    }
                    pieces.push(piece);
                    rest = &rest[length..];
                }
                None => {
                    literal.push('$');
                    rest = &rest[1..];
                }
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Self(pieces)
    }

    /// `missing` stands where a variable has no value: `-` in an access log.
    pub fn render(&self, sources: &Sources<'_>, missing: &str) -> String {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Context(name) => {
                    out.push_str(sources.exchange.variable(name).as_deref().unwrap_or(missing));
                }
                Piece::StageVariable(name) => {
                    let variables = &sources.exchange.stage.variables;
                    out.push_str(variables.get(name).map_or(missing, String::as_str));
                }
            }
        }
        out
    }
}

/// The variable that `text` begins with, and how many bytes it takes.
fn variable(text: &str) -> Option<(Piece, usize)> {
    let braced = text.starts_with("${");
    let start = if braced { 2 } else { 1 };
    let (is_context, mut at) = if text[start..].starts_with("context") {
        (true, start + "context".len())
    } else if text[start..].starts_with("stageVariables") {
        (false, start + "stageVariables".len())
    } else {
        return None;
    };
    let mut name = String::new();
    while let Some((step, length)) = step(&text[at..]) {
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(step);
        at += length;
    }
    if name.is_empty() {
        return None;
    }
    if braced {
        if !text[at..].starts_with('}') {
            return None;
        }
        at += 1;
    }
    Some((if is_context { Piece::Context(name) } else { Piece::StageVariable(name) }, at))
}

/// `.name` or `['name']`.
fn step(text: &str) -> Option<(&str, usize)> {
    if let Some(rest) = text.strip_prefix('.') {
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        return (end > 0).then(|| (&rest[..end], end + 1));
    }
    for quote in ['\'', '"'] {
        let opened = text.strip_prefix('[').and_then(|rest| rest.strip_prefix(quote));
        if let Some(rest) = opened {
            let end = rest.find(quote)?;
            return rest[end + 1..].starts_with(']').then(|| (&rest[..end], end + 4));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_variables() {
        let template = ContextTemplate::parse(
            r#"{"m":$context.error.messageString,"u":"$context.authorizer.claims['cognito:username']","v":"${stageVariables.x}","$5"}"#,
        );
        let names: Vec<_> = template
            .0
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(_) => None,
                Piece::Context(name) | Piece::StageVariable(name) => Some(name.as_str()),
            })
            .collect();
        assert_eq!(names, ["error.messageString", "authorizer.claims.cognito:username", "x"]);
        assert_eq!(template.0.last(), Some(&Piece::Text(String::from("\",\"$5\"}"))));
    }
}
