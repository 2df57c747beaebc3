//! The tables, their version, and how a connection is set up.

use std::{
    fs::OpenOptions,
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, TransactionBehavior, config::DbConfig};

use crate::{OpenError, Options, folder::Folder};

/// Grows with each change of the tables; stands in `PRAGMA user_version`.
pub(crate) const VERSION: i64 = 1;
/// "Pool", so that `file` and we know whose database it is (`PRAGMA application_id`).
const APPLICATION_ID: i64 = 0x506f_6f6c;

/// The log is taken into the database whenever a commit finds it this many pages (of 4 KiB) long.
const LOG_PAGES: i64 = 4000;
/// Only an operator's shell could hold a lock against us, and not for long.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an emptying of the log, and every commit behind it, waits for readers.
const PATIENCE_FOR_READERS: Duration = Duration::from_millis(100);

/// What brings a folder from version `n` to `n + 1` stands at `n`. Never edited once released; added to.
const STEPS: [&str; 1] = ["
    -- One row of a collection. body is JSON; expires_at is milliseconds since the epoch, and from then on the row
    -- counts as gone. indexes is the JSON list of [name, value] that index_entries holds for the row, kept here so that
    -- a write knows what to take away without a second look-up structure.
    CREATE TABLE rows (
        collection TEXT NOT NULL,
        partition TEXT NOT NULL,
        key TEXT NOT NULL,
        version INTEGER NOT NULL,
        expires_at INTEGER,
        indexes TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (collection, partition, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rows_by_expiry ON rows (expires_at) WHERE expires_at IS NOT NULL;
    -- Where else a row is found: ordered by value, then by the row's key.
    CREATE TABLE index_entries (
        collection TEXT NOT NULL,
        partition TEXT NOT NULL,
        name TEXT NOT NULL,
        value TEXT NOT NULL,
        key TEXT NOT NULL,
        PRIMARY KEY (collection, partition, name, value, key)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE probes (id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL) STRICT;
"];

/// The writer's connection, with the tables in place.
pub(crate) fn open(folder: &Folder, options: &Options) -> Result<Connection, OpenError> {
    let path = folder.database();
    refuse_newer_or_foreign(folder, &path)?;
    make_private_file(&path).map_err(|cause| OpenError::Folder { path: path.clone(), cause })?;
    let of_database = |cause| OpenError::Database { path: path.clone(), cause };
    let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(of_database)?;
    // The header may lag behind the log after a crash, so the version is looked at again with the log taken in.
    let found = version(&connection).map_err(of_database)?;
    if found > VERSION {
        return Err(OpenError::Newer { path: folder.path().to_owned(), found, supported: VERSION });
    }
    prepare_for_writing(&mut connection, found, options).map_err(of_database)?;
    Ok(connection)
}

/// A visitor's: writes too, and changes neither the tables nor how the server keeps them.
pub(crate) fn open_beside(folder: &Folder) -> Result<Connection, OpenError> {
    let path = folder.database();
    refuse_newer_or_foreign(folder, &path)?;
    let open = || {
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "synchronous", "full")?;
        let found = version(&connection)?;
        Ok((connection, found))
    };
    let (connection, found) = open().map_err(|cause| OpenError::Database { path: path.clone(), cause })?;
    match found {
        VERSION => Ok(connection),
        newer if newer > VERSION => {
            Err(OpenError::Newer { path: folder.path().to_owned(), found, supported: VERSION })
        }
        _ => Err(OpenError::Older { path: folder.path().to_owned(), found, supported: VERSION }),
    }
}

/// A connection that only reads.
pub(crate) fn open_reader(folder: &Folder) -> Result<Connection, OpenError> {
    let path = folder.database();
    // Not SQLITE_OPEN_READ_ONLY: the first reader after a crash may have to recover the log's index.
    let open = || {
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    };
    open().map_err(|cause| OpenError::Database { path: path.clone(), cause })
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.pragma_update(None, "cache_size", -8192)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // A plan is made once for a statement, not anew for each value that a range is bound to: that cost more than the
    // look-up itself (sqlite.org, "The Query Planner Stability Guarantee").
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn prepare_for_writing(connection: &mut Connection, found: i64, options: &Options) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", if options.durable { "full" } else { "off" })?;
    connection.pragma_update_and_check(None, "wal_autocheckpoint", LOG_PAGES, |_| Ok(()))?;
    connection.pragma_update(None, "foreign_keys", false)?;
    if let Some(pages) = options.page_limit {
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    if found < VERSION {
        let steps = &STEPS[usize::try_from(found).unwrap_or(0).min(STEPS.len())..];
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        for step in steps {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        transaction.commit()?;
        empty_log(connection)?;
    }
    Ok(())
}

/// Takes the log into the database and cuts it to nothing. Best effort: a reader in the way is no error.
pub(crate) fn empty_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE_FOR_READERS)?;
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    connection.busy_timeout(PATIENCE)?;
    emptied
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Reads the version from the file's header (sqlite.org, "Database File Format", 1.3), so that a folder that is not
/// ours to open is not even touched by a connection.
fn refuse_newer_or_foreign(folder: &Folder, path: &Path) -> Result<(), OpenError> {
    let mut header = [0; 100];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut header));
    match read {
        Ok(()) => {}
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(()),
        // An empty file: made, and then stopped before the tables were.
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
        Err(cause) => return Err(OpenError::Folder { path: path.to_owned(), cause }),
    }
    let number = |at: usize| {
        i64::from(u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]))
    };
    let (found, application) = (number(60), number(68));
    let ours = application == APPLICATION_ID || (application == 0 && found == 0);
    if !header.starts_with(b"SQLite format 3\0") || !ours {
        return Err(OpenError::Foreign { path: path.to_owned() });
    }
    if found > VERSION {
        return Err(OpenError::Newer { path: folder.path().to_owned(), found, supported: VERSION });
    }
    Ok(())
}

/// SQLite gives the log and its index the rights that the database has.
fn make_private_file(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(|_| ())
}
