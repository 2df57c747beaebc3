//! What stands between a directive's brackets, and references wherever they stand.

use super::{
    TemplateError,
    ast::{Expression, Operator, Reference, Step},
};

/// A place in the template's text.
pub struct Cursor<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

/// How deep brackets, lists and directives may nest. Parsing and rendering go down the machine's stack.
pub const DEPTH_LIMIT: usize = 48;

/// From the loosest to the tightest.
const LEVELS: [&[(&str, Operator)]; 6] = [
    &[("||", Operator::Or), ("or", Operator::Or)],
    &[("&&", Operator::And), ("and", Operator::And)],
    &[
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("eq", Operator::Equal),
        ("ne", Operator::NotEqual),
    ],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
        ("le", Operator::LessOrEqual),
        ("ge", Operator::GreaterOrEqual),
        ("lt", Operator::Less),
        ("gt", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)],
];

impl<'t> Cursor<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    pub fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn since(&self, start: usize) -> &'t str {
        &self.text[start..self.at]
    }

    pub fn go_to(&mut self, position: usize) {
        self.at = position;
    }

    pub fn advance(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.text.len());
    }

    pub fn error(&self, what: impl Into<String>) -> TemplateError {
        TemplateError { line: self.text[..self.at].matches('\n').count() + 1, what: what.into() }
    }

    pub fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    pub fn expect(&mut self, token: &str) -> Result<(), TemplateError> {
        self.skip_blanks();
        if self.eat(token) { Ok(()) } else { Err(self.error(format!("expected '{token}'"))) }
    }

    /// Goes one level down for `inner`.
    pub fn nested<T>(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<T, TemplateError>,
    ) -> Result<T, TemplateError> {
        if self.depth >= DEPTH_LIMIT {
            return Err(self.error("nested too deeply"));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    pub fn word(&mut self) -> Option<&'t str> {
        let rest = self.rest();
        let end =
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-')).unwrap_or(rest.len());
        let word = &rest[..end];
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_').then(|| {
            self.at += end;
            word
        })
    }

    pub fn expression(&mut self) -> Result<Expression, TemplateError> {
        self.nested(|cursor| cursor.level(0))
    }

    fn level(&mut self, level: usize) -> Result<Expression, TemplateError> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.level(level + 1)?;
        let mut links = 0;
        while let Some(operator) = self.operator(operators) {
            links += 1;
            if links > 256 {
                return Err(self.error("an expression is too long"));
            }
            let right = self.level(level + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let before = self.at;
        self.skip_blanks();
        for (token, operator) in operators {
            let is_word = token.starts_with(|c: char| c.is_ascii_alphabetic());
            let fits = self.rest().starts_with(token)
                && !(is_word
                    && self.rest()[token.len()..]
                        .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'));
            if fits {
                self.at += token.len();
                return Some(*operator);
            }
        }
        self.at = before;
        None
    }

    fn unary(&mut self) -> Result<Expression, TemplateError> {
        self.skip_blanks();
        let not_word = self.rest().starts_with("not ") || self.rest().starts_with("not(");
        if not_word {
            self.advance(3);
            return self.nested(|cursor| Ok(Expression::Not(Box::new(cursor.unary()?))));
        }
        if self.rest().starts_with('!') && !self.rest().starts_with("!=") {
            self.advance(1);
            return self.nested(|cursor| Ok(Expression::Not(Box::new(cursor.unary()?))));
        }
        self.nested(Self::primary)
    }

    fn primary(&mut self) -> Result<Expression, TemplateError> {
        let rest = self.rest();
        let first = rest.chars().next().ok_or_else(|| self.error("an expression is missing"))?;
        match first {
            '(' => {
                self.advance(1);
                let inner = self.expression()?;
                self.expect(")")?;
                Ok(inner)
            }
            '$' => {
                let reference = self.reference()?;
                reference
                    .map(|found| Expression::Reference(found.0))
                    .ok_or_else(|| self.error("'$' without a name"))
            }
            '\'' => {
                let inner = self.quoted('\'')?;
                Ok(Expression::Text(inner.to_owned()))
            }
            '"' => {
                let inner = self.quoted('"')?;
                let inner = inner.replace("\"\"", "\"");
                let nodes = super::parse::parse(&inner)?;
                Ok(match nodes.as_slice() {
                    [] => Expression::Text(String::new()),
                    [super::ast::Node::Text(text)] => Expression::Text(text.clone()),
                    _ => Expression::Interpolated(nodes),
                })
            }
            '[' => self.list(),
            '{' => self.map(),
            '-' => {
                self.advance(1);
                self.skip_blanks();
                Ok(Expression::Negative(Box::new(self.primary()?)))
            }
            '0'..='9' => self.number(),
            _ => match self.word() {
                Some("true") => Ok(Expression::Bool(true)),
                Some("false") => Ok(Expression::Bool(false)),
                Some("null") => Ok(Expression::Null),
                _ => Err(self.error(format!("'{first}' does not begin an expression"))),
            },
        }
    }

    fn quoted(&mut self, quote: char) -> Result<&'t str, TemplateError> {
        self.advance(1);
        let rest = self.rest();
        let mut at = 0;
        loop {
            let end = rest[at..].find(quote).map(|found| at + found);
            let end = end.ok_or_else(|| self.error("a string does not end"))?;
            // A doubled double quote stands for one.
            if quote == '"' && rest[end + 1..].starts_with('"') {
                at = end + 2;
                continue;
            }
            self.advance(end + 1);
            return Ok(&rest[..end]);
        }
    }

    fn number(&mut self) -> Result<Expression, TemplateError> {
        let rest = self.rest();
        let whole = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let fraction = rest[whole..].strip_prefix('.').map_or(0, |tail| {
            let digits = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
            if digits == 0 { 0 } else { digits + 1 }
        });
        let text = &rest[..whole + fraction];
        self.advance(text.len());
        let number = if fraction == 0 {
            text.parse().map(Expression::Integer).ok()
        } else {
            text.parse().map(Expression::Float).ok()
        };
        number.ok_or_else(|| self.error(format!("'{text}' is not a number")))
    }

    fn list(&mut self) -> Result<Expression, TemplateError> {
        self.advance(1);
        let mut items = Vec::new();
        loop {
            self.skip_blanks();
            if self.eat("]") {
                return Ok(Expression::List(items));
            }
            if !items.is_empty() {
                if items.len() == 1 && self.eat("..") {
                    let to = self.expression()?;
                    self.expect("]")?;
                    let from = items.pop().unwrap_or(Expression::Null);
                    return Ok(Expression::Range(Box::new(from), Box::new(to)));
                }
                self.expect(",")?;
            }
            items.push(self.expression()?);
        }
    }

    fn map(&mut self) -> Result<Expression, TemplateError> {
        self.advance(1);
        let mut entries = Vec::new();
        loop {
            self.skip_blanks();
            if self.eat("}") {
                return Ok(Expression::Map(entries));
            }
            if !entries.is_empty() {
                self.expect(",")?;
            }
            let key = self.expression()?;
            self.expect(":")?;
            entries.push((key, self.expression()?));
        }
    }

    /// `$name…`, `$!name…`, `${name…}`, and whether it was quiet. `None`, with the cursor where it was, where the dollar
    /// sign is only that.
    pub fn reference(&mut self) -> Result<Option<(Reference, bool)>, TemplateError> {
        let start = self.at;
        self.advance(1);
        let quiet = self.eat("!");
        let braced = self.eat("{");
        let Some(variable) = self.word() else {
            self.at = start;
            return Ok(None);
        };
        let variable = variable.to_owned();
        let mut steps = Vec::new();
        loop {
            let before = self.at;
            if self.eat(".") {
                let Some(name) = self.word() else {
                    self.at = before;
                    break;
                };
                let name = name.to_owned();
                steps.push(if self.rest().starts_with('(') {
                    Step::Method(name, self.arguments()?)
                } else {
                    Step::Property(name)
                });
            } else if self.rest().starts_with('[') && self.is_index() {
                self.advance(1);
                let index = self.expression()?;
                self.expect("]")?;
                steps.push(Step::Index(index));
            } else {
                break;
            }
        }
        if braced {
            self.expect("}")?;
        }
        Ok(Some((Reference { variable, steps }, quiet)))
    }

    /// Whether the bracket ahead goes with the reference before it, and is not a list that follows it in the text.
    fn is_index(&self) -> bool {
        let inside = self.rest()[1..].trim_start();
        inside.starts_with(['\'', '"', '$', '-']) || inside.starts_with(|c: char| c.is_ascii_digit())
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, TemplateError> {
        self.advance(1);
        let mut arguments = Vec::new();
        loop {
            self.skip_blanks();
            if self.eat(")") {
                return Ok(arguments);
            }
            if !arguments.is_empty() {
                self.expect(",")?;
            }
            arguments.push(self.expression()?);
        }
    }
}
