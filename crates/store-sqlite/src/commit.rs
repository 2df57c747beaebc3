//! One piece of work inside the writer's transaction: expectations first, and only then the first write.

use base::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};
use store::{
    Change, CommitError, IndexEntry, RowId, StoreError,
    engine::{Expectation, PutRow, RawBatch},
};

use crate::{
    error::of_sqlite,
    moving,
    writer::{Work, Written},
};

pub(crate) fn apply(connection: &Connection, work: &Work, now: Timestamp) -> Result<Written, CommitError> {
    match work {
        Work::Commit(batch) => {
            for expectation in &batch.expect {
                check(connection, expectation, now)?;
            }
            write(connection, batch).map_err(CommitError::from)
        }
        Work::Sweep(limit) => sweep(connection, *limit, now).map_err(CommitError::from),
        Work::Probe => probe(connection, now).map_err(CommitError::from),
        Work::Import(rows) => {
            moving::import(connection, rows)?;
            Ok(Written { changes: vec![Change::everything()] })
        }
    }
}

fn check(connection: &Connection, expectation: &Expectation, now: Timestamp) -> Result<(), CommitError> {
    let (id, expected) = match expectation {
        Expectation::Absent(id) => (id, None),
        Expectation::Version(id, version) => (id, Some(*version)),
    };
    let found = stored(connection, id)?
        .filter(|row| row.expires_at.is_none_or(|at| at > now.millis()))
        .map(|row| row.version.unsigned_abs());
    if found == expected { Ok(()) } else { Err(CommitError::Conflict(id.clone())) }
}

/// Deletes, then puts: a batch that does both to one row leaves it there, made anew.
fn write(connection: &Connection, batch: &RawBatch) -> Result<Written, StoreError> {
    let mut changes = Vec::with_capacity(batch.put.len() + batch.delete.len());
    for id in &batch.delete {
        if delete(connection, id)? {
            changes.push(change_of(id));
        }
    }
    for row in &batch.put {
        put(connection, row)?;
        changes.push(change_of(&row.id));
    }
    Ok(Written { changes })
}

/// What a write needs to know of the row it replaces.
struct Stored {
    version: i64,
    expires_at: Option<i64>,
    indexes: String,
}

fn stored(connection: &Connection, id: &RowId) -> Result<Option<Stored>, StoreError> {
    let find = || {
        connection
            .prepare_cached(
                "SELECT version, expires_at, indexes FROM rows
                 WHERE collection = ?1 AND partition = ?2 AND key = ?3",
            )?
            .query_row(params![id.collection, id.partition, id.key], |row| {
                Ok(Stored { version: row.get(0)?, expires_at: row.get(1)?, indexes: row.get(2)? })
            })
            .optional()
    };
    find().map_err(|cause| of_sqlite(&cause))
}

fn put(connection: &Connection, row: &PutRow) -> Result<(), StoreError> {
    let PutRow { id, body, expires_at, indexes } = row;
    let before = stored(connection, id)?;
    let indexes_text = written_indexes(indexes)?;
    let version = before.as_ref().map_or(1, |row| row.version.saturating_add(1));
    if before.as_ref().is_none_or(|row| row.indexes != indexes_text) {
        let had = before.map(|row| read_indexes(&row.indexes)).transpose()?.unwrap_or_default();
        let wanted =
            |entry: &(String, String)| indexes.iter().any(|new| new.index == entry.0 && new.value == entry.1);
        for (name, value) in had.iter().filter(|entry| !wanted(entry)) {
            delete_entry(connection, id, name, value)?;
        }
        for IndexEntry { index, value } in indexes {
            insert_entry(connection, id, index, value)?;
        }
    }
    let insert = || {
        connection
            .prepare_cached(
                "INSERT INTO rows (collection, partition, key, version, expires_at, indexes, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (collection, partition, key) DO UPDATE SET
                 version = excluded.version, expires_at = excluded.expires_at,
                 indexes = excluded.indexes, body = excluded.body",
            )?
            .execute(params![
                id.collection,
                id.partition,
                id.key,
                version,
                expires_at.map(Timestamp::millis),
                indexes_text,
                body
            ])
    };
    insert().map(|_| ()).map_err(|cause| of_sqlite(&cause))
}

fn delete(connection: &Connection, id: &RowId) -> Result<bool, StoreError> {
    let Some(row) = stored(connection, id)? else { return Ok(false) };
    for (name, value) in read_indexes(&row.indexes)? {
        delete_entry(connection, id, &name, &value)?;
    }
    let delete = || {
        connection
            .prepare_cached("DELETE FROM rows WHERE collection = ?1 AND partition = ?2 AND key = ?3")?
            .execute(params![id.collection, id.partition, id.key])
    };
    delete().map(|count| count > 0).map_err(|cause| of_sqlite(&cause))
}

fn insert_entry(connection: &Connection, id: &RowId, name: &str, value: &str) -> Result<(), StoreError> {
    let insert = || {
        connection
            .prepare_cached(
                "INSERT OR IGNORE INTO index_entries (collection, partition, name, value, key)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![id.collection, id.partition, name, value, id.key])
    };
    insert().map(|_| ()).map_err(|cause| of_sqlite(&cause))
}

fn delete_entry(connection: &Connection, id: &RowId, name: &str, value: &str) -> Result<(), StoreError> {
    let delete = || {
        connection
            .prepare_cached(
                "DELETE FROM index_entries
                 WHERE collection = ?1 AND partition = ?2 AND name = ?3 AND value = ?4 AND key = ?5",
            )?
            .execute(params![id.collection, id.partition, name, value, id.key])
    };
    delete().map(|_| ()).map_err(|cause| of_sqlite(&cause))
}

fn written_indexes(indexes: &[IndexEntry]) -> Result<String, StoreError> {
    let pairs: Vec<(&str, &str)> = indexes.iter().map(|entry| (entry.index, entry.value.as_str())).collect();
    serde_json::to_string(&pairs).map_err(|cause| StoreError::Invalid(cause.to_string()))
}

fn read_indexes(text: &str) -> Result<Vec<(String, String)>, StoreError> {
    serde_json::from_str(text).map_err(|cause| StoreError::Corrupt(format!("rows.indexes: {cause}")))
}

fn sweep(connection: &Connection, limit: usize, now: Timestamp) -> Result<Written, StoreError> {
    let find = || {
        connection
            .prepare_cached(
                "SELECT collection, partition, key, indexes FROM rows
                 WHERE expires_at IS NOT NULL AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2",
            )?
            .query_map(params![now.millis(), i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                let change = Change { collection: row.get(0)?, partition: row.get(1)?, key: row.get(2)? };
                Ok((change, row.get::<_, String>(3)?))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    };
    let found = find().map_err(|cause| of_sqlite(&cause))?;
    let mut changes = Vec::with_capacity(found.len());
    for (row, indexes) in found {
        forget(connection, &row, &read_indexes(&indexes)?).map_err(|cause| of_sqlite(&cause))?;
        changes.push(row);
    }
    Ok(Written { changes })
}

fn forget(connection: &Connection, row: &Change, indexes: &[(String, String)]) -> rusqlite::Result<()> {
    let Change { collection, partition, key } = row;
    let mut entry = connection.prepare_cached(
        "DELETE FROM index_entries
         WHERE collection = ?1 AND partition = ?2 AND name = ?3 AND value = ?4 AND key = ?5",
    )?;
    for (name, value) in indexes {
        entry.execute(params![collection, partition, name, value, key])?;
    }
    connection
        .prepare_cached("DELETE FROM rows WHERE collection = ?1 AND partition = ?2 AND key = ?3")?
        .execute(params![collection, partition, key])?;
    Ok(())
}

fn probe(connection: &Connection, now: Timestamp) -> Result<Written, StoreError> {
    connection
        .execute("INSERT OR REPLACE INTO probes (id, at) VALUES (1, ?1)", params![now.millis()])
        .map(|_| Written::default())
        .map_err(|cause| of_sqlite(&cause))
}

fn change_of(id: &RowId) -> Change {
    Change { collection: id.collection.to_owned(), partition: id.partition.clone(), key: id.key.clone() }
}
