//! Why a command ended without doing what it was asked.

use serde_json::{Value, json};
use serverless::Report;

use crate::aws::AwsFailure;

/// It was tried and failed.
pub const TRIED: u8 = 1;
/// The words or the file given are wrong; nothing was touched.
pub const WRONG_WORDS: u8 = 2;

#[derive(Debug)]
pub struct Failure {
    pub status: u8,
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// More lines, already in shape.
    pub details: Vec<String>,
    /// What is wrong with the service's files.
    pub report: Option<Box<Report>>,
    /// The command's own document, already on stdout, says it.
    pub told: bool,
}

impl Failure {
    pub fn tried(message: impl Into<String>) -> Self {
        Self {
            status: TRIED,
            message: message.into(),
            help: None,
            details: Vec::new(),
            report: None,
            told: false,
        }
    }

    pub fn wrong(message: impl Into<String>) -> Self {
        Self { status: WRONG_WORDS, ..Self::tried(message) }
    }

    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub const fn told(mut self) -> Self {
        self.told = true;
        self
    }

    #[must_use]
    pub fn details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    pub fn file(report: Box<Report>) -> Self {
        let errors =
            report.diagnostics.iter().filter(|one| one.severity == serverless::Severity::Error).count();
        let message = match errors {
            1 => String::from("the service cannot be read; nothing was touched"),
            many => format!("the service cannot be read: {many} errors; nothing was touched"),
        };
        Self { report: Some(report), ..Self::wrong(message) }
    }

    pub fn to_json(&self) -> Value {
        json!({"error": {
            "message": self.message,
            "help": self.help,
            "details": self.details,
            "problems": self.report.as_ref().map(|report| report.problems()),
        }})
    }
}

impl From<AwsFailure> for Failure {
    fn from(failure: AwsFailure) -> Self {
        Self { help: failure.help(), ..Self::tried(failure.to_string()) }
    }
}
