//! Which files a package takes: globs read in order, of which the last that fits a file decides.

use globset::{GlobBuilder, GlobMatcher};

use crate::{diagnostics::Diagnostic, node::Node, place::Place};

/// Never wanted in a package, unless a pattern asks for it by name.
pub const ALWAYS_OUT: [&str; 7] = [
    ".git/**",
    ".gitignore",
    ".DS_Store",
    "npm-debug.log",
    "yarn-*.log",
    ".serverless/**",
    ".serverless_plugins/**",
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    takes: bool,
    pattern: Pattern,
    place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Glob(String),
    /// This path and all below it, letter by letter.
    Below(String),
}

impl Rule {
    pub fn out(pattern: &str) -> Self {
        Self { takes: false, pattern: Pattern::Glob(pattern.to_owned()), place: None }
    }

    pub fn below(path: &str) -> Self {
        Self { takes: false, pattern: Pattern::Below(path.to_owned()), place: None }
    }

    /// From `exclude`, where everything is meant the other way round.
    pub fn excluded(self) -> Self {
        Self { takes: !self.takes, ..self }
    }
}

/// The patterns in a list of the configuration; `!` turns one around.
pub fn written(node: Option<&Node>) -> Vec<Rule> {
    let items = node.and_then(Node::as_list).unwrap_or_default();
    items
        .iter()
        .filter_map(|item| {
            let text = item.as_text()?;
            let (takes, pattern) = match text.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, text),
            };
            let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
            Some(Rule { takes, pattern: Pattern::Glob(pattern.to_owned()), place: Some(item.place) })
        })
        .collect()
}

/// A pattern that is written again counts where it stood first, as in the Serverless Framework.
pub fn once_each(rules: Vec<Rule>) -> Vec<Rule> {
    let mut seen: Vec<Rule> = Vec::new();
    for rule in rules {
        if !seen.iter().any(|known| known.takes == rule.takes && known.pattern == rule.pattern) {
            seen.push(rule);
        }
    }
    seen
}

pub struct Selection {
    rules: Vec<(bool, Matcher)>,
}

enum Matcher {
    Glob(GlobMatcher),
    Below(String),
}

impl Selection {
    pub fn new(rules: &[Rule], problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let mut matchers = Vec::with_capacity(rules.len());
        let mut sound = true;
        for rule in rules {
            let matcher = match &rule.pattern {
                Pattern::Below(path) => Matcher::Below(path.clone()),
                Pattern::Glob(glob) => {
                    if rule.takes && glob.starts_with("../") {
                        problems.push(
                            Diagnostic::warning(
                                rule.place,
                                format!("'{glob}' is outside of the service's folder and adds nothing"),
                            )
                            .help("copy or link what is needed into the service's folder"),
                        );
                    }
                    match GlobBuilder::new(glob).literal_separator(true).empty_alternates(true).build() {
                        Ok(glob) => Matcher::Glob(glob.compile_matcher()),
                        Err(error) => {
                            problems.push(Diagnostic::error(rule.place, format!("not a pattern: {error}")));
                            sound = false;
                            continue;
                        }
                    }
                }
            };
            matchers.push((rule.takes, matcher));
        }
        sound.then_some(Self { rules: matchers })
    }

    /// `path` has `/` between its parts, from the service's folder.
    pub fn takes(&self, path: &str) -> bool {
        let last = self.rules.iter().rev().find(|(_, matcher)| match matcher {
            Matcher::Glob(glob) => glob.is_match(path),
            Matcher::Below(prefix) => path
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
        });
        last.is_none_or(|(takes, _)| *takes)
    }
}
