//! Puts values in the place of variables, each when it is first needed, as the Serverless Framework v3 does
//! ("Variables"): a property that another one refers to is resolved first, and two that wait for each other are an error
//! that shows the whole circle.

mod dotenv;
mod sources;
mod syntax;

use std::collections::{BTreeMap, HashSet};

use serde_json::Number;

use crate::{
    diagnostics::Diagnostic,
    files::Files,
    node::{Node, Value},
    place::Place,
};
use syntax::{Argument, Literal, Piece, Source, Variable};

/// What variables may ask for besides the files.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Command-line options by their long names.
    pub options: BTreeMap<String, String>,
    /// `--param name=value`.
    pub params: BTreeMap<String, String>,
    pub env: BTreeMap<String, String>,
    pub account_id: Option<String>,
    /// `${sls:instanceId}`: different at each run.
    pub instance_id: String,
}

/// The same limit as the Serverless Framework's, for values that hold variables that hold variables …
const DEEPEST: usize = 10;
/// The most text that resolving may make, and the most values, so that a file cannot blow itself up.
const MOST_TEXT: usize = 16 * 1024 * 1024;
const MOST_VALUES: usize = 500_000;

/// Resolves everything below `root`.
pub fn resolve(root: Node, files: &mut Files, given: Given, problems: &mut Vec<Diagnostic>) -> Resolved {
    let mut resolver = Resolver {
        root,
        files,
        given,
        problems,
        busy: Vec::new(),
        missing_env: HashSet::new(),
        text: 0,
        values: 0,
        exhausted: false,
        needs_account: false,
    };
    resolver.load_dotenv();
    resolver.below(&[], 0);
    Resolved { root: resolver.root, needs_account: resolver.needs_account }
}

pub struct Resolved {
    pub root: Node,
    /// `${aws:accountId}` was asked for and is not known yet.
    pub needs_account: bool,
}

struct Resolver<'a> {
    root: Node,
    files: &'a mut Files,
    given: Given,
    problems: &'a mut Vec<Diagnostic>,
    /// The properties being resolved, each waiting for the next.
    busy: Vec<Vec<String>>,
    /// Asked for before `.env` was read, and not there.
    missing_env: HashSet<String>,
    text: usize,
    values: usize,
    /// A limit was reached; nothing more is resolved.
    exhausted: bool,
    needs_account: bool,
}

/// What went wrong was already said, or is said by whoever knows the place.
enum Failure {
    /// Already among the problems.
    Said,
    Because(Box<Diagnostic>),
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Because(Box::new(diagnostic))
    }
}

type Outcome<T> = Result<T, Failure>;

/// Which property, and where the text stands whose variables are being resolved.
#[derive(Clone, Copy)]
struct Site<'a> {
    path: &'a [String],
    place: Place,
    depth: usize,
}

impl Resolver<'_> {
    /// Resolves the value at `path` and all below it. `depth` counts how often a value here came out of a variable.
    fn below(&mut self, path: &[String], depth: usize) {
        let Some(node) = self.node(path) else { return };
        if node.settled || self.exhausted {
            return;
        }
        let keys: Vec<String> = match &node.value {
            Value::Text(_) => {
                self.property(path, depth);
                return;
            }
            Value::Map(map) => map.keys().map(str::to_owned).collect(),
            Value::List(items) => (0..items.len()).map(|index| index.to_string()).collect(),
            _ => Vec::new(),
        };
        let mut inner = path.to_vec();
        for key in keys {
            inner.push(key);
            self.below(&inner, depth);
            inner.pop();
        }
        if let Some(node) = self.node_mut(path) {
            node.settled = true;
        }
    }

    /// Resolves the text at `path`, then whatever came in its place.
    fn property(&mut self, path: &[String], depth: usize) {
        let Some((text, place)) =
            self.node(path).and_then(|node| Some((node.as_text()?.to_owned(), node.place)))
        else {
            return;
        };
        self.busy.push(path.to_vec());
        let outcome = self.text(&text, Site { path, place, depth });
        self.busy.pop();
        let node = match outcome {
            Ok(node) => node,
            Err(failure) => {
                if let Failure::Because(diagnostic) = failure {
                    self.problems.push(*diagnostic);
                }
                Node { value: Value::Broken, place, settled: true }
            }
        };
        let again = !node.settled;
        self.values += node.size();
        if self.values > MOST_VALUES {
            self.exhausted = true;
            self.problems
                .push(Diagnostic::error(place, format!("resolving made more than {MOST_VALUES} values")));
            return;
        }
        if let Some(slot) = self.node_mut(path) {
            *slot = node;
        }
        if !again {
            return;
        }
        let is_text = self.node(path).is_some_and(|node| node.as_text().is_some());
        if depth >= DEEPEST {
            let message = format!("'{}' holds variables that hold variables, {DEEPEST} deep", path.join("."));
            self.problems.push(Diagnostic::error(place, message));
            if let Some(slot) = self.node_mut(path) {
                slot.value = Value::Broken;
                slot.settled = true;
            }
        } else if is_text {
            self.property(path, depth + 1);
        } else {
            self.below(path, depth + 1);
        }
    }

    /// What `text` says once its variables are resolved. A whole value may come of a single variable; anything else
    /// is text. `settled` tells whether the result may hold variables itself.
    fn text(&mut self, text: &str, site: Site<'_>) -> Outcome<Node> {
        let pieces = match syntax::parse(text) {
            Ok(None) => {
                return Ok(Node { settled: true, ..Node::new(Value::Text(text.to_owned()), site.place) });
            }
            Ok(Some(pieces)) => pieces,
            Err(error) => {
                let place = self.files.within(site.place, &error.written);
                return Err(Diagnostic::error(place, error.message).into());
            }
        };
        self.pieces(&pieces, site)
    }

    fn pieces(&mut self, pieces: &[Piece], site: Site<'_>) -> Outcome<Node> {
        if let [Piece::Variable(variable)] = pieces {
            return self.variable(variable, site);
        }
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Variable(variable) => {
                    let node = self.variable(variable, site)?;
                    let place = self.files.within(site.place, &variable.written);
                    text.push_str(&self.as_part(node, variable, Site { place, ..site })?);
                }
            }
        }
        self.text += text.len();
        if self.text > MOST_TEXT {
            self.exhausted = true;
            let message = format!("resolving made more than {MOST_TEXT} bytes of text");
            return Err(Diagnostic::error(site.place, message).into());
        }
        Ok(Node { settled: true, ..Node::new(Value::Text(text), site.place) })
    }

    /// A value inside a longer text.
    fn as_part(&mut self, node: Node, variable: &Variable, site: Site<'_>) -> Outcome<String> {
        let node = self.settle(node, site)?;
        match node.value {
            Value::Text(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Broken => Err(Failure::Said),
            _ => {
                let message =
                    format!("{} is {}, which cannot be a part of a text", variable.written, node.kind());
                Err(Diagnostic::error(site.place, message).into())
            }
        }
    }

    /// Resolves the variables in a value that is not at a path of its own.
    fn settle(&mut self, node: Node, site: Site<'_>) -> Outcome<Node> {
        if node.settled {
            return Ok(node);
        }
        if site.depth >= DEEPEST {
            let message =
                format!("'{}' holds variables that hold variables, {DEEPEST} deep", site.path.join("."));
            return Err(Diagnostic::error(site.place, message).into());
        }
        let deeper = Site { depth: site.depth + 1, ..site };
        match node.value {
            Value::Text(ref text) => {
                let resolved = self.text(text, deeper)?;
                self.settle(resolved, deeper)
            }
            _ => Ok(node),
        }
    }

    /// Asks the sources one after the other until one has a value.
    fn variable(&mut self, variable: &Variable, site: Site<'_>) -> Outcome<Node> {
        let place = self.files.within(site.place, &variable.written);
        let site = Site { place, ..site };
        let mut reasons = Vec::new();
        for (index, source) in variable.sources.iter().enumerate() {
            let (kind, parameters, address) = match source {
                Source::Value(literal) => return Ok(literal_node(literal, place)),
                Source::Call { kind, parameters, address } => (kind, parameters, address),
            };
            let parameters = parameters
                .iter()
                .map(|argument| self.argument(argument, site))
                .collect::<Outcome<Vec<_>>>()?;
            let address = match address {
                Some(address) => Some(self.address(address, kind, site)?),
                None => None,
            };
            let last = index + 1 == variable.sources.len();
            let asked = sources::Asked { kind, parameters: &parameters, address: address.as_deref(), last };
            match self.ask(&asked, site)? {
                sources::Answer::Found(mut node) => {
                    if !matches!(node.value, Value::List(_) | Value::Map(_)) {
                        node.place = site.place;
                    }
                    return Ok(*node);
                }
                sources::Answer::Nothing(reason) => reasons.push(reason),
            }
        }
        let message = format!(
            "cannot resolve {} at '{}': {}",
            variable.written,
            site.path.join("."),
            reasons.join("; ")
        );
        Err(Diagnostic::error(place, message)
            .help(format!("give it a fallback: {}, 'value'}}", variable.written.trim_end_matches('}')))
            .into())
    }

    fn argument(&mut self, argument: &Argument, site: Site<'_>) -> Outcome<Node> {
        match argument {
            Argument::Literal(literal) => Ok(literal_node(literal, site.place)),
            Argument::Text(pieces) => {
                let node = self.pieces(pieces, site)?;
                self.settle(node, site)
            }
        }
    }

    fn address(&mut self, argument: &Argument, kind: &str, site: Site<'_>) -> Outcome<String> {
        let node = self.argument(argument, site)?;
        match node.value {
            Value::Text(text) => Ok(text),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(flag) => Ok(flag.to_string()),
            Value::Broken => Err(Failure::Said),
            _ => {
                let message = format!("the address of a '{kind}' variable is {}, expected text", node.kind());
                Err(Diagnostic::error(site.place, message).into())
            }
        }
    }

    fn node(&self, path: &[String]) -> Option<&Node> {
        path.iter().try_fold(&self.root, |node, key| match &node.value {
            Value::Map(map) => map.get(key),
            Value::List(items) => key.parse::<usize>().ok().and_then(|index| items.get(index)),
            _ => None,
        })
    }

    fn node_mut(&mut self, path: &[String]) -> Option<&mut Node> {
        path.iter().try_fold(&mut self.root, |node, key| match &mut node.value {
            Value::Map(map) => map.get_mut(key),
            Value::List(items) => key.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
            _ => None,
        })
    }
}

fn literal_node(literal: &Literal, place: Place) -> Node {
    let value = match literal {
        Literal::Null => Value::Null,
        Literal::Bool(flag) => Value::Bool(*flag),
        Literal::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Value::Number(Number::from(*number as i64))
        }
        Literal::Number(number) => Number::from_f64(*number).map_or(Value::Null, Value::Number),
        Literal::Text(text) => Value::Text(text.clone()),
    };
    Node { settled: true, ..Node::new(value, place) }
}

#[cfg(test)]
mod tests;
