//! What can go wrong, in the contract's words.

use std::{io, path::PathBuf};

use rusqlite::ErrorCode;
use store::StoreError;

/// Why a data folder could not be opened. Nothing in it was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the data folder {} cannot be used: {cause}", path.display())]
    Folder { path: PathBuf, cause: io::Error },
    #[error(
        "the data folder {} is in use by another server{}; stop that one or choose another folder with --data",
        path.display(),
        holder.as_deref().map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse { path: PathBuf, holder: Option<String> },
    #[error(
        "the data folder {} was written by a newer Poolhouse (data version {found}; this one reads up to {supported}); \
         start the newer one again, or restore a backup made before the upgrade. The folder was left as it is",
        path.display()
    )]
    Newer { path: PathBuf, found: i64, supported: i64 },
    #[error(
        "the data folder {} was written by an older Poolhouse (data version {found}, now {supported}); start a server on it \
         once, which brings it up to date",
        path.display()
    )]
    Older { path: PathBuf, found: i64, supported: i64 },
    #[error("{} is not a Poolhouse database; move it away or choose another folder with --data", path.display())]
    Foreign { path: PathBuf },
    #[error("the database {} cannot be opened: {cause}", path.display())]
    Database { path: PathBuf, cause: rusqlite::Error },
}

/// SQLite's result codes (sqlite.org, "Result and Error Codes").
pub(crate) fn of_sqlite(error: &rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(text),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Corrupt(text),
        Some(
            ErrorCode::TooBig
            | ErrorCode::TypeMismatch
            | ErrorCode::ParameterOutOfRange
            | ErrorCode::ConstraintViolation,
        ) => StoreError::Invalid(text),
        Some(_) => StoreError::Unavailable(text),
        None => StoreError::Corrupt(text),
    }
}

pub(crate) fn of_io(what: &str, error: &io::Error) -> StoreError {
    let text = format!("{what}: {error}");
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            StoreError::Full(text)
        }
        _ => StoreError::Unavailable(text),
    }
}
