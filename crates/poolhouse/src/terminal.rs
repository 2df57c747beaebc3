//! What a person sees: progress and warnings on stderr, results on stdout. With `--json` stdout holds one document and
//! nothing else.

use std::{
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use crate::{environment::Environment, failure::Failure};

pub struct Terminal {
    pub json: bool,
    pub verbose: bool,
    pub styled: bool,
    spinner: Option<ProgressBar>,
    started: Instant,
}

impl Terminal {
    pub fn new(json: bool, verbose: bool, environment: &Environment) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let styled =
            is_terminal && environment.get("NO_COLOR").is_none() && environment.get("TERM") != Some("dumb");
        let spinner = is_terminal.then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        Self { json, verbose, styled, spinner, started: Instant::now() }
    }

    /// What is being done now. A terminal shows it while it lasts; a file gets a line where `--verbose` asks for it.
    pub fn step(&self, text: &str) {
        match &self.spinner {
            Some(bar) => {
                bar.set_message(text.to_owned());
                bar.enable_steady_tick(Duration::from_millis(100));
            }
            None if self.verbose => self.line(text),
            None => {}
        }
    }

    /// A line that is only shown with `--verbose`.
    pub fn detail(&self, text: &str) {
        if self.verbose {
            self.line(&self.dim(text));
        }
    }

    /// A line on stderr.
    pub fn line(&self, text: &str) {
        match &self.spinner {
            Some(bar) => bar.suspend(|| eprint_line(text)),
            None => eprint_line(text),
        }
    }

    pub fn warning(&self, text: &str) {
        self.line(&format!("{} {text}", self.paint("33", "warning:")));
    }

    /// Ends whatever was being done.
    pub fn rest(&self) {
        if let Some(bar) = &self.spinner {
            bar.finish_and_clear();
        }
    }

    /// The result, for a person. Nothing with `--json`.
    pub fn say(&self, text: &str) {
        self.rest();
        if !self.json {
            print_line(text);
        }
    }

    /// The result, for a program. Nothing without `--json`.
    pub fn document(&self, document: &Value) {
        self.rest();
        if self.json {
            print_line(&document.to_string());
        }
    }

    pub fn seconds(&self) -> String {
        format!("{:.1}s", self.started.elapsed().as_secs_f32())
    }

    pub fn failed(&self, failure: &Failure) {
        self.rest();
        if let Some(report) = &failure.report {
            self.line(&report.render(self.styled));
            self.line("");
        }
        self.line(&format!("{} {}", self.paint("31;1", "error:"), failure.message));
        for detail in &failure.details {
            self.line(detail);
        }
        if let Some(help) = &failure.help {
            self.line(&format!("{} {help}", self.paint("36", "help:")));
        }
        if self.json && !failure.told {
            print_line(&failure.to_json().to_string());
        }
    }

    pub fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    pub fn good(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.styled { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// A closed pipe is not an error: `poolhouse info | head -1`.
fn print_line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

fn eprint_line(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
