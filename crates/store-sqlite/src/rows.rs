//! Reading: by id, by key order, by an index.

use base::Timestamp;
use rusqlite::{Connection, OptionalExtension, ToSql, params};
use store::{
    RowId, StoreError,
    engine::{Range, RawPage, RawQuery, Row},
    position::Position,
};

use crate::error::of_sqlite;

/// All from one snapshot.
pub(crate) fn get_many(
    connection: &mut Connection,
    ids: Vec<RowId>,
    now: Timestamp,
) -> Result<Vec<Option<Row>>, StoreError> {
    let read = |connection: &Connection, ids: Vec<RowId>| {
        let mut statement = connection.prepare_cached(
            "SELECT version, body, expires_at FROM rows
             WHERE collection = ?1 AND partition = ?2 AND key = ?3 AND (expires_at IS NULL OR expires_at > ?4)",
        )?;
        ids.into_iter()
            .map(|id| {
                let found = statement
                    .query_row(params![id.collection, id.partition, id.key, now.millis()], |row| {
                        Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?))
                    })
                    .optional()?;
                Ok(found.map(|(version, body, expires_at)| Row {
                    id,
                    version: version.unsigned_abs(),
                    body,
                    expires_at: expires_at.map(Timestamp),
                }))
            })
            .collect::<rusqlite::Result<Vec<_>>>()
    };
    let all = || {
        if ids.len() < 2 {
            return read(connection, ids);
        }
        let snapshot = connection.transaction()?;
        let rows = read(&snapshot, ids)?;
        snapshot.finish()?;
        Ok(rows)
    };
    all().map_err(|cause| of_sqlite(&cause))
}

/// In byte order, one row more than asked for so that the last page knows it is the last.
pub(crate) fn query(connection: &Connection, query: RawQuery, now: Timestamp) -> Result<RawPage, StoreError> {
    let RawQuery { collection, partition, index, range, limit, after } = query;
    let limit = limit.clamp(1, store::engine::PAGE_LIMIT);
    let after = after.as_ref().map(|token| Position::read(token, index.is_some())).transpose()?;
    let more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let mut bound: Vec<&dyn ToSql> = vec![&collection, &partition];
    let now = now.millis();
    bound.extend([&now as &dyn ToSql, &more]);
    if let Some(name) = &index {
        bound.push(name);
    }
    let span = Span::of(&range, after.as_ref());
    let sql = span.sql(index.is_some(), &mut bound);
    let read = || {
        connection
            .prepare_cached(&sql)?
            .query_map(&*bound, |row| {
                let id = RowId { collection, partition: partition.clone(), key: row.get(0)? };
                let version = row.get::<_, i64>(1)?.unsigned_abs();
                let expires_at = row.get::<_, Option<i64>>(3)?.map(Timestamp);
                Ok((Row { id, version, body: row.get(2)?, expires_at }, row.get::<_, String>(4)?))
            })?
            .collect::<rusqlite::Result<Vec<_>>>()
    };
    let mut found = read().map_err(|cause| of_sqlite(&cause))?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found.last().filter(|_| !is_last).map(|(row, value)| {
        Position { value: value.clone(), key: row.id.key.clone() }.write(index.is_some())
    });
    Ok(RawPage { rows: found.into_iter().map(|(row, _)| row).collect(), next })
}

/// Where a query starts and ends, with one lower and one upper bound at most: SQLite seeks by one of each and would
/// walk over the rows that a second one skips.
enum Span<'q> {
    /// One value; of an index, the rows past this key.
    Equals(&'q str, &'q str),
    From(&'q str, Option<String>),
    After(&'q Position, Option<String>),
}

impl<'q> Span<'q> {
    fn of(range: &'q Range, after: Option<&'q Position>) -> Self {
        if let Range::Equals(value) = range {
            return match after {
                Some(at) if at.value > *value => Self::From("", Some(String::new())),
                Some(at) if at.value == *value => Self::Equals(value, &at.key),
                _ => Self::Equals(value, ""),
            };
        }
        let (from, before) = range.bounds();
        match after {
            Some(at) if at.value.as_str() >= from => Self::After(at, before),
            _ => Self::From(from, before),
        }
    }

    /// Parameters 1 to 4 are collection, partition, now and limit, 5 an index's name; the rest are added here.
    fn sql<'b>(&'b self, by_index: bool, bound: &mut Vec<&'b dyn ToSql>) -> String {
        let value = if by_index { "e.value" } else { "r.key" };
        let mut bind = |parameter: &'b dyn ToSql| {
            bound.push(parameter);
            format!("?{}", bound.len())
        };
        let (lower, before) = match self {
            Self::Equals(exact, after) if by_index => {
                (format!("e.value = {} AND e.key > {}", bind(exact), bind(after)), &None)
            }
            Self::Equals(exact, after) => {
                (format!("r.key = {} AND r.key <> {}", bind(exact), bind(after)), &None)
            }
            Self::From(from, before) => (format!("{value} >= {}", bind(from)), before),
            Self::After(at, before) if by_index => {
                (format!("(e.value, e.key) > ({}, {})", bind(&at.value), bind(&at.key)), before)
            }
            Self::After(at, before) => (format!("r.key > {}", bind(&at.value)), before),
        };
        let upper =
            before.as_ref().map(|before| format!(" AND {value} < {}", bind(before))).unwrap_or_default();
        let live = "(r.expires_at IS NULL OR r.expires_at > ?3)";
        if by_index {
            // CROSS: the index first, then its rows, whatever the planner thinks of it.
            format!(
                "SELECT r.key, r.version, r.body, r.expires_at, e.value
                 FROM index_entries AS e CROSS JOIN rows AS r
                 ON r.collection = e.collection AND r.partition = e.partition AND r.key = e.key
                 WHERE e.collection = ?1 AND e.partition = ?2 AND e.name = ?5 AND {lower}{upper} AND {live}
                 ORDER BY e.value, e.key LIMIT ?4"
            )
        } else {
            format!(
                "SELECT r.key, r.version, r.body, r.expires_at, r.key FROM rows AS r
                 WHERE r.collection = ?1 AND r.partition = ?2 AND {lower}{upper} AND {live}
                 ORDER BY r.key LIMIT ?4"
            )
        }
    }
}

pub(crate) fn partitions(
    connection: &Connection,
    collection: &'static str,
    after: Option<String>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    // Jumps from one partition to the next instead of walking over every row.
    let read = || {
        connection
            .prepare_cached(
                "WITH RECURSIVE found (partition) AS (
                     SELECT min(partition) FROM rows WHERE collection = ?1 AND partition > ?2
                     UNION ALL
                     SELECT (SELECT min(partition) FROM rows WHERE collection = ?1 AND partition > found.partition)
                     FROM found WHERE found.partition IS NOT NULL)
                 SELECT partition FROM found WHERE partition IS NOT NULL AND EXISTS (
                     SELECT 1 FROM rows WHERE collection = ?1 AND rows.partition = found.partition
                     AND (expires_at IS NULL OR expires_at > ?3))
                 LIMIT ?4",
            )?
            .query_map(
                params![
                    collection,
                    after.unwrap_or_default(),
                    now.millis(),
                    i64::try_from(limit.clamp(1, store::engine::PAGE_LIMIT)).unwrap_or(i64::MAX)
                ],
                |row| row.get(0),
            )?
            .collect::<rusqlite::Result<Vec<String>>>()
    };
    read().map_err(|cause| of_sqlite(&cause))
}
