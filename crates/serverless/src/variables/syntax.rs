//! The words between `${` and `}` (Serverless Framework v3, "Variables").
//!
//! `${source:address}`, `${source(parameter, …):address}`, with fallbacks behind commas, the last of which may be a
//! literal; addresses and parameters may hold further variables. What does not look like this (`${AWS::Region}`,
//! `${name}`, `${!literal}`) belongs to CloudFormation and is left as it stands. `\${` writes a `${` that means nothing.

/// A piece of a text: something to keep or something to put in its place.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Literal(String),
    Variable(Variable),
}

/// One `${…}`: its sources in the order they are asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    pub sources: Vec<Source>,
    /// As it was written, for messages and to find it in its line.
    pub written: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    Value(Literal),
    Call { kind: String, parameters: Vec<Argument>, address: Option<Argument> },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Argument {
    Literal(Literal),
    /// Holds variables of its own.
    Text(Vec<Piece>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct SyntaxError {
    pub message: String,
    /// What is wrong, as it was written: enough of it to be found in its line.
    pub written: String,
}

/// How deep variables may stand in one another.
const DEEPEST: usize = 20;

/// `None` where the text holds no variable and nothing escaped: it is what it is.
pub fn parse(text: &str) -> Result<Option<Vec<Piece>>, SyntaxError> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut parser = Parser { text, at: 0 };
    let mut pieces = Vec::new();
    let mut literal = String::new();
    while let Some(character) = parser.peek() {
        match character {
            '\\' => {
                let slashes = parser.run('\\');
                if parser.rest().starts_with("${") {
                    literal.push_str(&"\\".repeat(slashes / 2));
                    if slashes % 2 == 1 {
                        literal.push_str("${");
                        parser.at += 2;
                    }
                } else {
                    literal.push_str(&"\\".repeat(slashes));
                }
            }
            '$' if parser.rest().starts_with("${") => {
                parser.opened(&mut pieces, &mut literal, 0)?;
            }
            other => {
                literal.push(other);
                parser.at += other.len_utf8();
            }
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    match pieces.as_slice() {
        [Piece::Literal(only)] if only == text => Ok(None),
        _ => Ok(Some(pieces)),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn run(&mut self, character: char) -> usize {
        let start = self.at;
        while self.peek() == Some(character) {
            self.at += character.len_utf8();
        }
        self.at - start
    }

    fn spaces(&mut self) {
        self.run(' ');
    }

    fn error(&self, start: usize, message: &str) -> SyntaxError {
        let tail = self.text.get(start..).unwrap_or_default();
        let written = tail.split('\n').next().unwrap_or_default();
        let written = written.find('}').map_or(written, |end| &written[..=end]);
        SyntaxError { message: message.to_owned(), written: written.chars().take(80).collect() }
    }

    /// At `${` outside of any other variable: a variable, or something of CloudFormation's that is kept, with the
    /// variables that may stand in it.
    fn opened(
        &mut self,
        pieces: &mut Vec<Piece>,
        literal: &mut String,
        depth: usize,
    ) -> Result<(), SyntaxError> {
        let start = self.at;
        if let Some(variable) = self.variable(false, depth)? {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(literal)));
            }
            pieces.push(Piece::Variable(variable));
            return Ok(());
        }
        self.at = start + 2;
        literal.push_str("${");
        while let Some(character) = self.peek() {
            if self.rest().starts_with("${") && depth < DEEPEST {
                self.opened(pieces, literal, depth + 1)?;
                continue;
            }
            literal.push(character);
            self.at += character.len_utf8();
            if character == '}' {
                break;
            }
        }
        Ok(())
    }

    /// At `${`. `None` (nothing read) where it is not a variable of ours; inside another variable that is an error.
    fn variable(&mut self, nested: bool, depth: usize) -> Result<Option<Variable>, SyntaxError> {
        let start = self.at;
        if depth > DEEPEST {
            return Err(self.error(start, &format!("variables nested more than {DEEPEST} deep")));
        }
        self.at += 2;
        let kind = self.word();
        let foreign = |parser: &mut Self| {
            if nested {
                return Err(parser.error(start, "not a variable: expected a source, such as self: or opt:"));
            }
            parser.at = start;
            Ok(None)
        };
        if !kind.starts_with(|first: char| first.is_ascii_lowercase()) {
            return foreign(self);
        }
        let first = match self.peek() {
            Some(':') if self.rest().starts_with("::") => return foreign(self),
            Some(':' | '(') => self.call(kind, start, depth)?,
            _ => return foreign(self),
        };
        let mut sources = vec![first];
        loop {
            self.spaces();
            match self.peek() {
                Some('}') => {
                    self.at += 1;
                    let written = self.text[start..self.at].to_owned();
                    return Ok(Some(Variable { sources, written }));
                }
                Some(',') if !matches!(sources.last(), Some(Source::Value(_))) => {
                    self.at += 1;
                    sources.push(self.fallback(start, depth)?);
                }
                None => return Err(self.error(start, "the variable is not closed: '}' is missing")),
                Some(_) => return Err(self.error(start, "expected '}' or ',' here")),
            }
        }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-')).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Behind a comma: another source, or a literal.
    fn fallback(&mut self, start: usize, depth: usize) -> Result<Source, SyntaxError> {
        self.spaces();
        match self.peek() {
            Some(quote @ ('"' | '\'')) => return Ok(Source::Value(self.quoted(quote, start)?)),
            Some('$') => {
                let mut error = self.error(self.at, "a fallback is written without its own ${ }");
                error.message.push_str(": ${opt:stage, self:custom.stage}");
                return Err(error);
            }
            _ => {}
        }
        let word = self.word();
        if matches!(self.peek(), Some(':' | '(')) {
            let fits = word.starts_with(|first: char| first.is_ascii_lowercase())
                && word.chars().all(|c| c.is_ascii_alphanumeric());
            if !fits {
                return Err(self.error(start, &format!("'{word}' is not a source")));
            }
            return self.call(word, start, depth);
        }
        literal(word).map(Source::Value).ok_or_else(|| {
            let message = if word.is_empty() {
                String::from("nothing stands behind the comma")
            } else {
                format!("'{word}' is neither a source nor a literal: write text in quotes, as '{word}'")
            };
            self.error(start, &message)
        })
    }

    /// At `(` or `:` behind a source's name.
    fn call(&mut self, kind: &str, start: usize, depth: usize) -> Result<Source, SyntaxError> {
        let mut parameters = Vec::new();
        if self.peek() == Some('(') {
            self.at += 1;
            loop {
                self.spaces();
                match self.peek() {
                    Some(')') => {
                        self.at += 1;
                        break;
                    }
                    Some(',') => {
                        parameters.push(Argument::Literal(Literal::Null));
                        self.at += 1;
                    }
                    None | Some('}') => return Err(self.error(start, "')' is missing")),
                    Some(_) => {
                        parameters.push(self.argument(&[',', ')'], start, depth, true)?);
                        self.spaces();
                        if self.peek() == Some(',') {
                            self.at += 1;
                        } else if self.peek() != Some(')') {
                            return Err(self.error(start, "expected ',' or ')' here"));
                        }
                    }
                }
            }
            self.spaces();
        }
        let mut address = None;
        if self.peek() == Some(':') {
            self.at += 1;
            self.spaces();
            if !matches!(self.peek(), Some('}' | ',')) {
                address = Some(self.argument(&[',', '}'], start, depth, false)?);
            }
        }
        Ok(Source::Call { kind: kind.to_owned(), parameters, address })
    }

    /// Up to one of `ends`, which is left unread.
    fn argument(
        &mut self,
        ends: &[char],
        start: usize,
        depth: usize,
        literals: bool,
    ) -> Result<Argument, SyntaxError> {
        if let Some(quote @ ('"' | '\'')) = self.peek() {
            return Ok(Argument::Literal(self.quoted(quote, start)?));
        }
        let mut pieces = Vec::new();
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(self.error(start, "the variable is not closed: '}' is missing")),
                Some('}') if !ends.contains(&'}') => return Err(self.error(start, "')' is missing")),
                Some(end) if ends.contains(&end) => break,
                Some('$') if self.rest().starts_with("${") => {
                    if let Some(variable) = self.variable(true, depth + 1)? {
                        if !text.is_empty() {
                            pieces.push(Piece::Literal(std::mem::take(&mut text)));
                        }
                        pieces.push(Piece::Variable(variable));
                    }
                }
                Some(other) => {
                    text.push(other);
                    self.at += other.len_utf8();
                }
            }
        }
        let text = text.trim_end().to_owned();
        if pieces.is_empty() {
            let value = if literals { literal(&text) } else { None };
            return Ok(Argument::Literal(value.unwrap_or(Literal::Text(text))));
        }
        if !text.is_empty() {
            pieces.push(Piece::Literal(text));
        }
        Ok(Argument::Text(pieces))
    }

    fn quoted(&mut self, quote: char, start: usize) -> Result<Literal, SyntaxError> {
        let rest = self.rest();
        let mut escaped = false;
        for (at, character) in rest.char_indices().skip(1) {
            if escaped {
                escaped = false;
            } else if character == '\\' && quote == '"' {
                escaped = true;
            } else if character == quote {
                self.at += at + 1;
                let inside = &rest[1..at];
                if quote == '\'' {
                    return Ok(Literal::Text(inside.to_owned()));
                }
                let text = serde_json::from_str(&rest[..=at])
                    .map_err(|error| self.error(start, &format!("not a text: {error}")))?;
                return Ok(Literal::Text(text));
            }
        }
        Err(self.error(start, &format!("{quote} is missing")))
    }
}

fn literal(word: &str) -> Option<Literal> {
    match word {
        "true" => Some(Literal::Bool(true)),
        "false" => Some(Literal::Bool(false)),
        "null" => Some(Literal::Null),
        _ if word.bytes().any(|byte| byte.is_ascii_digit()) => {
            word.parse::<f64>().ok().filter(|number| number.is_finite()).map(Literal::Number)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(text: &str) -> Vec<Source> {
        match parse(text).unwrap().unwrap().as_slice() {
            [Piece::Variable(variable)] => variable.sources.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn call(kind: &str, address: &str) -> Source {
        let address = Some(Argument::Literal(Literal::Text(address.to_owned())));
        Source::Call { kind: kind.to_owned(), parameters: Vec::new(), address }
    }

    #[test]
    fn sources_and_fallbacks() {
        assert_eq!(
            only("${opt:stage, self:custom.defaultStage}"),
            [call("opt", "stage"), call("self", "custom.defaultStage")]
        );
        assert_eq!(only("${opt:n, 20}"), [call("opt", "n"), Source::Value(Literal::Number(20.0))]);
        assert_eq!(
            only("${env:A,'b c, d'}"),
            [call("env", "A"), Source::Value(Literal::Text("b c, d".to_owned()))]
        );
        assert_eq!(
            only(r#"${env:A, "q\"q"}"#),
            [call("env", "A"), Source::Value(Literal::Text("q\"q".to_owned()))]
        );
        assert_eq!(only("${env:A, null}")[1], Source::Value(Literal::Null));
    }

    #[test]
    fn parameters_addresses_and_nesting() {
        let file = only("${file(./config.${opt:stage}.yml):${sls:stage}.key}");
        let [Source::Call { kind, parameters, address }] = file.as_slice() else { panic!("{file:?}") };
        assert_eq!(kind, "file");
        assert!(matches!(parameters.as_slice(), [Argument::Text(pieces)] if pieces.len() == 3));
        assert!(matches!(address, Some(Argument::Text(pieces)) if pieces.len() == 2));
        let bool = only("${strToBool(${env:FLAG, 'false'})}");
        assert!(matches!(&bool[0], Source::Call { kind, .. } if kind == "strToBool"));
    }

    #[test]
    fn what_is_cloudformations_is_left_alone() {
        for text in [
            "${AWS::Region}",
            "a-${Bucket}",
            "${Pool.Arn}",
            "${!Literal}",
            "${foo::bar}",
            "$ {",
            "$",
            "${",
            "${}",
        ] {
            assert_eq!(parse(text), Ok(None), "{text}");
        }
        let pieces = parse("arn:${AWS::Partition}:${self:custom.x}/${a.${opt:b}}").unwrap().unwrap();
        assert_eq!(pieces.len(), 5, "{pieces:?}");
        assert_eq!(pieces[0], Piece::Literal("arn:${AWS::Partition}:".to_owned()));
        assert_eq!(pieces[4], Piece::Literal("}".to_owned()));
    }

    #[test]
    fn a_backslash_takes_the_meaning_away() {
        assert_eq!(parse(r"\${self:a}"), Ok(Some(vec![Piece::Literal("${self:a}".to_owned())])));
        let twice = parse(r"\\${self:a}").unwrap().unwrap();
        assert_eq!(twice[0], Piece::Literal("\\".to_owned()));
        assert!(matches!(twice[1], Piece::Variable(_)));
        assert_eq!(parse(r"a\b"), Ok(None));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, expected) in [
            ("${self:a", "not closed"),
            ("${opt:a, ${opt:b}}", "without its own"),
            ("${opt:a, b}", "write text in quotes"),
            ("${file(a:b}", "')' is missing"),
            ("${self:${Foo}}", "not a variable"),
            ("${opt:a, 'x' y}", "expected '}'"),
            ("${opt:a, }", "nothing stands behind"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(expected), "{text}: {}", error.message);
        }
    }
}
