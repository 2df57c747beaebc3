//! Reading: by id, by key order, by an index.

use base::Timestamp;
use store::{
    RowId, StoreError,
    engine::{NAME_LIMIT, PAGE_LIMIT, Range, RawPage, RawQuery, Row},
    position::Position,
};
use tokio_postgres::types::{ToSql, Type};

use crate::{call::Caller, error::told};

/// Sorts after every name: longer than any may be, of the last character there is.
fn past_all() -> String {
    char::MAX.to_string().repeat(NAME_LIMIT / 4 + 1)
}

/// PostgreSQL has no text with this character, so nothing has such a name, and asking would be an error.
fn cannot_be(name: &str) -> bool {
    name.contains('\0')
}

pub(crate) async fn get_many(
    caller: &Caller,
    ids: Vec<RowId>,
    now: Timestamp,
) -> Result<Vec<Option<Row>>, StoreError> {
    let mut found: Vec<Option<Row>> = ids.iter().map(|_| None).collect();
    if ids.is_empty() {
        return Ok(found);
    }
    let clean = |text: &str| if cannot_be(text) { String::new() } else { text.to_owned() };
    let partitions: Vec<String> = ids.iter().map(|id| clean(&id.partition)).collect();
    let collections: Vec<&str> = ids.iter().map(|id| id.collection).collect();
    let keys: Vec<String> = ids.iter().map(|id| clean(&id.key)).collect();
    let rows = caller
        .ask(
            "SELECT * FROM poolhouse.rows_by_id($1, $2, $3, $4)",
            &[
                (&now.millis(), Type::INT8),
                (&partitions, Type::TEXT_ARRAY),
                (&collections, Type::TEXT_ARRAY),
                (&keys, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    for row in rows {
        let place = row.try_get::<_, i32>(0).map_err(corrupt)?;
        let at = usize::try_from(place - 1).unwrap_or(usize::MAX);
        let (Some(slot), Some(id)) = (found.get_mut(at), ids.get(at)) else { continue };
        *slot = Some(Row {
            id: id.clone(),
            version: row.try_get::<_, i64>(1).map_err(corrupt)?.unsigned_abs(),
            body: row.try_get(2).map_err(corrupt)?,
            expires_at: row.try_get::<_, Option<i64>>(3).map_err(corrupt)?.map(Timestamp),
        });
    }
    Ok(found)
}

/// In byte order, one row more than asked for so that the last page knows it is the last.
pub(crate) async fn query(caller: &Caller, query: RawQuery, now: Timestamp) -> Result<RawPage, StoreError> {
    let by_index = query.index.is_some();
    let limit = query.limit.clamp(1, PAGE_LIMIT);
    let after = query.after.as_ref().map(|token| Position::read(token, by_index)).transpose()?;
    let span = Span::of(&query.range, after);
    let empty = RawPage { rows: Vec::new(), next: None };
    if cannot_be(&query.partition) || span.is_odd() {
        return Ok(empty);
    }
    let (now, more) = (now.millis(), i32::try_from(limit + 1).unwrap_or(i32::MAX));
    let mut parameters: Vec<(&(dyn ToSql + Sync), Type)> =
        vec![(&now, Type::INT8), (&query.partition, Type::TEXT), (&query.collection, Type::TEXT)];
    let sql = if let Some(name) = &query.index {
        parameters.push((name, Type::TEXT));
        parameters.push((&span.after.value, Type::TEXT));
        parameters.push((&span.after.key, Type::TEXT));
        "SELECT * FROM poolhouse.rows_by_index($1, $2, $3, $4, $5, $6, $7, $8)"
    } else {
        parameters.push((&span.from, Type::TEXT));
        parameters.push((&span.past, Type::TEXT));
        "SELECT * FROM poolhouse.rows_by_key($1, $2, $3, $4, $5, $6, $7)"
    };
    parameters.push((&span.before, Type::TEXT));
    parameters.push((&more, Type::INT4));
    let rows = caller.ask(sql, &parameters).await?;
    let mut found = rows
        .iter()
        .map(|row| {
            let key: String = row.try_get(0)?;
            let id = RowId { collection: query.collection, partition: query.partition.clone(), key };
            let expires_at = row.try_get::<_, Option<i64>>(3)?.map(Timestamp);
            let version = row.try_get::<_, i64>(1)?.unsigned_abs();
            Ok((Row { id, version, body: row.try_get(2)?, expires_at }, row.try_get::<_, String>(4)?))
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(corrupt)?;
    let is_last = found.len() <= limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| !is_last)
        .map(|(row, value)| Position { value: value.clone(), key: row.id.key.clone() }.write(by_index));
    Ok(RawPage { rows: found.into_iter().map(|(row, _)| row).collect(), next })
}

/// Where a query starts and ends. Of an index: past the position `after`. By key: from `from` on, past `past`. `before` is
/// the least value that is meant no more.
struct Span {
    from: String,
    past: String,
    after: Position,
    before: String,
}

impl Span {
    fn of(range: &Range, after: Option<Position>) -> Self {
        let (from, before) = match range {
            // No text has U+0000 here, so nothing lies between a value and the value with U+0001 behind it.
            Range::Equals(value) => (value.as_str(), Some(format!("{value}\u{1}"))),
            _ => range.bounds(),
        };
        let past = after.as_ref().map(|at| at.value.clone()).unwrap_or_default();
        let start = Position { value: from.to_owned(), key: String::new() };
        let after = match after {
            Some(at) if (&at.value, &at.key) > (&start.value, &start.key) => at,
            _ => start,
        };
        Self { from: from.to_owned(), past, after, before: before.unwrap_or_else(past_all) }
    }

    fn is_odd(&self) -> bool {
        [&self.from, &self.past, &self.after.value, &self.after.key, &self.before]
            .into_iter()
            .any(|text| cannot_be(text))
    }
}

pub(crate) async fn partitions(
    caller: &Caller,
    collection: &str,
    after: Option<String>,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let most = i32::try_from(limit.clamp(1, PAGE_LIMIT)).unwrap_or(i32::MAX);
    let after = after.unwrap_or_default();
    let rows = caller
        .ask(
            "SELECT poolhouse.partitions_of($1, $2, $3, $4)",
            &[
                (&now.millis(), Type::INT8),
                (&collection, Type::TEXT),
                (&after, Type::TEXT),
                (&most, Type::INT4),
            ],
        )
        .await?;
    rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>().map_err(corrupt)
}

pub(crate) fn corrupt(cause: tokio_postgres::Error) -> StoreError {
    StoreError::Corrupt(told(&cause))
}
