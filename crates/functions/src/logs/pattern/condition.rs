//! Reading the inside of a JSON pattern: `||` binds looser than `&&`, parentheses group.

use super::{Comparison, Condition, Step, Test};

pub fn condition(text: &str) -> Result<Condition, String> {
    let mut parser = Parser { rest: text, depth: 0 };
    let condition = parser.any()?;
    match parser.rest.trim() {
        "" => Ok(condition),
        rest => Err(format!("'{rest}' is left over")),
    }
}

/// The text up to the closing quote, and what comes after it.
pub fn unquoted(text: &str) -> Result<(String, &str), String> {
    let mut phrase = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((phrase, &text[at + 1..])),
            '\\' => phrase.extend(letters.next().map(|(_, escaped)| escaped)),
            other => phrase.push(other),
        }
    }
    Err(String::from("a quote is not closed"))
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Condition, String> {
        let mut left = self.all()?;
        while self.eat("||") {
            left = Condition::Or(Box::new(left), Box::new(self.all()?));
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut left = self.one()?;
        while self.eat("&&") {
            left = Condition::And(Box::new(left), Box::new(self.one()?));
        }
        Ok(left)
    }

    fn one(&mut self) -> Result<Condition, String> {
        if self.eat("(") {
            self.depth += 1;
            if self.depth > 32 {
                return Err(String::from("parentheses are nested too deep"));
            }
            let inner = self.any()?;
            self.depth -= 1;
            return if self.eat(")") { Ok(inner) } else { Err(String::from("a parenthesis is not closed")) };
        }
        if !self.eat("$") {
            return Err(format!("expected a selector such as $.name at '{}'", self.rest.trim()));
        }
        let path = self.path()?;
        Ok(Condition::Is(path, self.test()?))
    }

    fn path(&mut self) -> Result<Vec<Step>, String> {
        let mut path = Vec::new();
        loop {
            if let Some(rest) = self.rest.strip_prefix('.') {
                let end = rest
                    .find(|letter: char| !(letter.is_alphanumeric() || letter == '_' || letter == '-'))
                    .unwrap_or(rest.len());
                path.push(Step::Member(rest[..end].to_owned()));
                self.rest = &rest[end..];
            } else if let Some(rest) = self.rest.strip_prefix('[') {
                let end = rest.find(']').ok_or("a bracket is not closed")?;
                let inside = rest[..end].trim();
                path.push(match inside.parse() {
                    Ok(index) => Step::At(index),
                    Err(_) => Step::Member(inside.trim_matches(['"', '\'']).to_owned()),
                });
                self.rest = &rest[end + 1..];
            } else {
                return Ok(path);
            }
        }
    }

    fn test(&mut self) -> Result<Test, String> {
        for (words, test) in [
            ("IS TRUE", Test::True),
            ("IS FALSE", Test::False),
            ("IS NULL", Test::Null),
            ("NOT EXISTS", Test::Exists(false)),
            ("EXISTS", Test::Exists(true)),
        ] {
            if self.eat(words) {
                return Ok(test);
            }
        }
        let comparison = [
            ("!=", Comparison::NotEqual),
            (">=", Comparison::GreaterOrEqual),
            ("<=", Comparison::LessOrEqual),
            ("=", Comparison::Equal),
            (">", Comparison::Greater),
            ("<", Comparison::Less),
        ]
        .into_iter()
        .find_map(|(sign, comparison)| self.eat(sign).then_some(comparison))
        .ok_or_else(|| format!("expected a comparison at '{}'", self.rest.trim()))?;
        self.rest = self.rest.trim_start();
        if self.rest.starts_with('%') {
            return Err(String::from("regular expressions %...% are not supported here"));
        }
        let (value, quoted) = if let Some(text) = self.rest.strip_prefix('"') {
            let (value, after) = unquoted(text)?;
            self.rest = after;
            (value, true)
        } else {
            let end = self
                .rest
                .find(|letter: char| letter.is_whitespace() || "()&|".contains(letter))
                .unwrap_or(self.rest.len());
            let value = self.rest[..end].to_owned();
            self.rest = &self.rest[end..];
            (value, false)
        };
        if value.is_empty() && !quoted {
            return Err(String::from("a comparison has nothing on its right"));
        }
        match (comparison, value.parse::<f64>()) {
            (comparison, Ok(number)) if !quoted => Ok(Test::Number(comparison, number)),
            (Comparison::Equal, _) => Ok(Test::Text { equal: true, pattern: value }),
            (Comparison::NotEqual, _) => Ok(Test::Text { equal: false, pattern: value }),
            _ => Err(format!("'{value}' is not a number")),
        }
    }

    fn eat(&mut self, token: &str) -> bool {
        let trimmed = self.rest.trim_start();
        match trimmed.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }
}
