//! What is wrong with a service's files, and where: gathered, so that all of it is told at once.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde::Serialize;

use crate::place::{Place, Sources};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// One thing to say about the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub message: String,
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that have a part in it.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    pub fn error(place: impl Into<Option<Place>>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            place: place.into(),
            help: None,
            related: Vec::new(),
        }
    }

    pub fn warning(place: impl Into<Option<Place>>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(place, message) }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub fn also(mut self, place: Place, message: impl Into<String>) -> Self {
        self.related.push((place, message.into()));
        self
    }
}

/// How many errors are told before the rest is only counted: a file that is wrong throughout should not fill a screen.
const MOST_TOLD: usize = 100;

/// Diagnostics with the files they point into.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub sources: Sources,
    pub diagnostics: Vec<Diagnostic>,
    /// Only the account id was missing (`${aws:accountId}`); ask STS for it and load again.
    pub needs_account: bool,
}

/// One diagnostic as programs read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub severity: Severity,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Report {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// In the order of the file, errors and warnings alike, each once.
    pub fn sort(&mut self) {
        self.diagnostics.sort_by(|a, b| (a.place, &a.message).cmp(&(b.place, &b.message)));
        self.diagnostics.dedup();
    }

    pub fn problems(&self) -> Vec<Problem> {
        self.diagnostics.iter().map(|diagnostic| self.problem(diagnostic)).collect()
    }

    fn problem(&self, diagnostic: &Diagnostic) -> Problem {
        let at = diagnostic.place.and_then(|place| {
            let (line, column) = self.sources.position(place);
            Some((self.sources.get(place.file)?.name.clone(), line, column))
        });
        let (file, line, column) = match at {
            Some((file, line, column)) => (Some(file), Some(line), Some(column)),
            None => (None, None, None),
        };
        Problem {
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
            file,
            line,
            column,
            help: diagnostic.help.clone(),
        }
    }

    /// For people: each problem with the lines it is about. `styled` colours it for a terminal.
    pub fn render(&self, styled: bool) -> String {
        let renderer = if styled { Renderer::styled() } else { Renderer::plain() };
        let mut text = String::new();
        for diagnostic in self.diagnostics.iter().take(MOST_TOLD) {
            text.push_str(&renderer.render(&self.groups(diagnostic)));
            text.push_str("\n\n");
        }
        if self.diagnostics.len() > MOST_TOLD {
            text.push_str(&format!("… and {} more\n\n", self.diagnostics.len() - MOST_TOLD));
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn groups<'a>(&'a self, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
        let level = match diagnostic.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(diagnostic.message.as_str()));
        let mut others = diagnostic.related.iter().collect::<Vec<_>>();
        if let Some(place) = diagnostic.place
            && let Some(source) = self.sources.get(place.file)
        {
            let mut snippet = Snippet::source(source.text.as_str())
                .path(source.name.as_str())
                .annotation(AnnotationKind::Primary.span(self.one_line(place)));
            others.retain(|(other, label)| {
                let here = other.file == place.file;
                if here {
                    let span = AnnotationKind::Context.span(self.one_line(*other));
                    snippet = std::mem::replace(&mut snippet, Snippet::source(""))
                        .annotation(span.label(label.as_str()));
                }
                !here
            });
            group = group.element(snippet);
        }
        for (other, label) in others {
            if let Some(source) = self.sources.get(other.file) {
                group = group.element(
                    Snippet::source(source.text.as_str()).path(source.name.as_str()).annotation(
                        AnnotationKind::Context.span(self.one_line(*other)).label(label.as_str()),
                    ),
                );
            }
        }
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        vec![group]
    }

    /// The part of `place` that stands on its first line: what is wrong with a block is shown at its beginning.
    fn one_line(&self, place: Place) -> std::ops::Range<usize> {
        let text = self.sources.get(place.file).map_or("", |source| source.text.as_str());
        let start = (place.start as usize).min(text.len());
        let end = (place.end as usize).clamp(start, text.len());
        let line = text.get(start..end).and_then(|span| span.find(['\n', '\r'])).map_or(end, |at| start + at);
        start..line.max(start)
    }
}

/// `serverless.yml:3:5: error: …`, a line each.
impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems().into_iter().enumerate() {
            if index > 0 {
                writeln!(formatter)?;
            }
            if let (Some(file), Some(line), Some(column)) = (&problem.file, problem.line, problem.column) {
                write!(formatter, "{file}:{line}:{column}: ")?;
            }
            let word = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            write!(formatter, "{word}: {}", problem.message)?;
            if let Some(help) = &problem.help {
                write!(formatter, " ({help})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
