//! What is wrong with a template, and where. Everything that can be found is found before anything is touched.

use std::fmt::Write;

use base::AwsError;

use super::Span;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub span: Span,
    pub message: String,
}

impl Problem {
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Self { span, message: message.into() }
    }
}

/// The `ValidationError` that names every problem. One alone reads as AWS words it, with the place behind it; several
/// stand one a line, in the template's order.
pub fn validation_error(mut problems: Vec<Problem>) -> AwsError {
    problems.sort();
    problems.dedup();
    let message = match problems.as_slice() {
        [only] => format!("Template format error: {} ({})", only.message, place(only.span)),
        several => {
            let mut text = format!("Template format error: {} problems", several.len());
            for problem in several {
                let _ = write!(text, "\n  {}: {}", place(problem.span), problem.message);
            }
            text
        }
    };
    AwsError::client("ValidationError", message)
}

fn place(span: Span) -> String {
    format!("line {}, column {}", span.line, span.column)
}
