//! Everything out, from one snapshot; everything in, in one transaction.

use std::sync::{Mutex, PoisonError};

use base::Timestamp;
use rusqlite::{Connection, Row, params};
use store::{
    StoreError,
    moving::{Moved, MovedRow, Record, RecordSender, cut_off, not_empty},
};
use tokio::sync::{mpsc, oneshot};

use crate::{blobs::Blobs, error::of_sqlite};

/// Runs on a reader's thread, which waits when the records are not taken. Readers hold nobody up; the log grows meanwhile.
pub(crate) fn export(
    connection: &mut Connection,
    blobs: &Blobs,
    records: &RecordSender,
    begun: oneshot::Sender<()>,
) -> Result<(), StoreError> {
    let of_sqlite = |cause: rusqlite::Error| of_sqlite(&cause);
    let snapshot = connection.transaction().map_err(of_sqlite)?;
    let mut moved = Moved::default();
    let mut send = |record: Record| {
        moved.count(&record);
        // Whoever does not listen any more has enough.
        records.blocking_send(Ok(record)).is_ok()
    };
    let mut statement = snapshot
        .prepare("SELECT collection, partition, key, version, expires_at, indexes, body FROM rows")
        .map_err(of_sqlite)?;
    let mut rows = statement.query([]).map_err(of_sqlite)?;
    // The first step takes the snapshot.
    let mut next = rows.next().map_err(of_sqlite)?;
    let _ = begun.send(());
    while let Some(row) = next {
        if !send(Record::Row(read(row)?)) {
            return Ok(());
        }
        next = rows.next().map_err(of_sqlite)?;
    }
    for sha256 in blobs.names()? {
        // One that is gone by now was nobody's any more.
        if let Some(content) = blobs.get(&sha256)?
            && !send(Record::Blob { sha256, content })
        {
            return Ok(());
        }
    }
    let _ = records.blocking_send(Ok(Record::End(moved)));
    Ok(())
}

fn read(row: &Row<'_>) -> Result<MovedRow, StoreError> {
    let read = || {
        Ok((
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get::<_, i64>(3)?,
            row.get::<_, Option<i64>>(4)?,
            row.get::<_, String>(5)?,
            row.get(6)?,
        ))
    };
    let (collection, partition, key, version, expires_at, indexes, body) =
        read().map_err(|cause: rusqlite::Error| of_sqlite(&cause))?;
    let indexes = serde_json::from_str(&indexes)
        .map_err(|cause| StoreError::Corrupt(format!("rows.indexes: {cause}")))?;
    let (version, expires_at) = (version.unsigned_abs(), expires_at.map(Timestamp));
    Ok(MovedRow { collection, partition, key, version, expires_at, indexes, body })
}

/// Rows on their way to the writer, `None` when they were all. Taken once.
pub(crate) type Incoming = Mutex<Option<mpsc::Receiver<Option<MovedRow>>>>;

/// Inside the writer's transaction, which is rolled back where this fails.
pub(crate) fn import(connection: &Connection, rows: &Incoming) -> Result<(), StoreError> {
    let taken = rows.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut rows = taken.ok_or_else(cut_off)?;
    let of_sqlite = |cause: rusqlite::Error| of_sqlite(&cause);
    let is_empty: bool = connection
        .query_row("SELECT NOT EXISTS (SELECT 1 FROM rows)", [], |row| row.get(0))
        .map_err(of_sqlite)?;
    if !is_empty {
        return Err(not_empty());
    }
    loop {
        match rows.blocking_recv() {
            Some(Some(row)) => insert(connection, &row)?,
            Some(None) => return Ok(()),
            None => return Err(cut_off()),
        }
    }
}

fn insert(connection: &Connection, row: &MovedRow) -> Result<(), StoreError> {
    let indexes =
        serde_json::to_string(&row.indexes).map_err(|cause| StoreError::Invalid(cause.to_string()))?;
    let insert = || {
        connection
            .prepare_cached(
                "INSERT INTO rows (collection, partition, key, version, expires_at, indexes, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                row.collection,
                row.partition,
                row.key,
                i64::try_from(row.version).unwrap_or(i64::MAX),
                row.expires_at.map(Timestamp::millis),
                indexes,
                row.body
            ])?;
        for (name, value) in &row.indexes {
            connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO index_entries (collection, partition, name, value, key)
                     VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![row.collection, row.partition, name, value, row.key])?;
        }
        Ok(())
    };
    insert().map_err(|cause: rusqlite::Error| of_sqlite(&cause))
}
