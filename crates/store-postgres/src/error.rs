//! What can go wrong, in the contract's words.

use std::error::Error as _;

use store::StoreError;
use tokio_postgres::error::SqlState;

/// Why an engine could not be made. Nothing in the database was changed, except by what is told.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the database URL is wrong: {0}")]
    Url(String),
    #[error("TLS to the database cannot be set up: {0}")]
    Tls(String),
    #[error("the database cannot be reached: {0}")]
    Away(String),
    #[error(
        "the database was written by a newer Poolhouse (data version {found}; this one reads up to {supported}); start the \
         newer one again, or restore a backup made before the upgrade. The database was left as it is"
    )]
    Newer { found: i32, supported: i32 },
    #[error("the database cannot be used: {0}")]
    Unfit(String),
    #[error("the tables could not be brought up to date: {0}")]
    Migration(String),
}

/// What became of one attempt.
#[derive(Debug)]
pub(crate) enum Failed {
    /// The database said no, for good.
    Refused(StoreError),
    /// It gave way to another transaction; the connection is as good as before.
    GaveWay(String),
    /// The connection is no use any more, or the server behind it is not the one that writes. What was asked may have
    /// been done.
    Lost(String),
}

/// SQLSTATEs (PostgreSQL's manual, appendix A, "PostgreSQL Error Codes").
pub(crate) fn of_postgres(error: &tokio_postgres::Error) -> Failed {
    let text = told(error);
    let Some(code) = error.code() else {
        return if error.is_closed() || is_of_the_line(error) {
            Failed::Lost(text)
        } else {
            Failed::Refused(StoreError::Corrupt(text))
        };
    };
    match code {
        &SqlState::T_R_SERIALIZATION_FAILURE
        | &SqlState::T_R_DEADLOCK_DETECTED
        | &SqlState::LOCK_NOT_AVAILABLE => Failed::GaveWay(text),
        &SqlState::DISK_FULL => Failed::Refused(StoreError::Full(text)),
        // A former primary that now follows another.
        &SqlState::READ_ONLY_SQL_TRANSACTION => Failed::Lost(text),
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => Failed::Refused(StoreError::Corrupt(text)),
        &SqlState::QUERY_CANCELED => Failed::Lost(text),
        other => match &other.code()[..2] {
            // The server is going down or coming up; the connection broke; too many of them.
            "57" | "08" => Failed::Lost(text),
            "53" | "58" | "42" | "55" | "28" | "3D" => Failed::Refused(StoreError::Unavailable(text)),
            // Too long for an index; not text in UTF-8.
            "54" | "22" | "23" => Failed::Refused(StoreError::Invalid(text)),
            "XX" => Failed::Lost(text),
            _ => Failed::Refused(StoreError::Unavailable(text)),
        },
    }
}

fn is_of_the_line(error: &tokio_postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<std::io::Error>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// The error with its causes; the library's own text leaves them out.
pub(crate) fn told(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", said.message(), said.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

pub(crate) fn unavailable(text: impl Into<String>) -> StoreError {
    StoreError::Unavailable(text.into())
}
