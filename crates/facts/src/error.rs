//! An error as it goes out, before a protocol puts it into words.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireError {
    /// The HTTP status.
    pub status: u16,
    /// As the wire names it: mostly the shape's name, for a query service sometimes another (`NoSuchEntity`).
    pub code: String,
    pub message: String,
}

impl WireError {
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }
}

impl fmt::Display for WireError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for WireError {}

pub(crate) fn debug(
    (status, code, message): (u16, &str, &String),
    formatter: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    write!(formatter, "{code} ({status}): {message}")
}
