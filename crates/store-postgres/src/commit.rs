//! A batch, as the database's function takes it: one entry for each row it names, sorted, so that every commit locks in
//! the same order.

use std::collections::BTreeMap;

use base::Timestamp;
use store::{
    Change, RowId, StoreError,
    engine::{Expectation, PutRow, RawBatch},
};
use tokio_postgres::types::Type;

use crate::{
    call::{Caller, Question, Unanswered},
    error::told,
};

macro_rules! commit_batch {
    ($again:literal) => {
        concat!(
            "SELECT poolhouse.commit_batch($1, $2, $3, ",
            $again,
            ", $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
        )
    };
}

const COMMIT: Question = Question { first: commit_batch!("false"), again: commit_batch!("true") };

/// Names one commit for ever.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommitId {
    pub origin: i64,
    pub number: i64,
}

/// How a commit went.
pub(crate) enum Outcome {
    Committed(Vec<Change>),
    Conflict(RowId),
}

/// What a batch does to one row.
#[derive(Default)]
struct Touch<'b> {
    /// `None`: nothing; 0: absent.
    want: Option<i64>,
    deleted: bool,
    puts: i32,
    put: Option<&'b PutRow>,
}

/// An expectation that nothing fulfils.
const NEVER: i64 = -2;
const NOTHING: i64 = -1;

pub(crate) async fn commit(
    caller: &Caller,
    batch: &RawBatch,
    id: CommitId,
    now: Timestamp,
) -> Result<Outcome, Unanswered> {
    let touches = touches(batch);
    let Some((first, _)) = touches.first_key_value() else { return Ok(Outcome::Committed(Vec::new())) };
    let home = first.0;
    let mut changed = Vec::new();
    let (mut partitions, mut collections, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    let (mut wants, mut deletes, mut puts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut bodies, mut expiries) = (Vec::new(), Vec::new());
    let (mut names, mut values) = (Vec::new(), Vec::new());
    for ((partition, collection, key), touch) in &touches {
        if touch.deleted || touch.puts > 0 {
            changed.extend([*partition, *collection, *key]);
        }
        partitions.push(*partition);
        collections.push(*collection);
        keys.push(*key);
        wants.push(touch.want.unwrap_or(NOTHING));
        deletes.push(touch.deleted);
        puts.push(touch.puts);
        bodies.push(touch.put.map(|row| row.body.as_str()));
        expiries.push(touch.put.and_then(|row| row.expires_at).map(Timestamp::millis));
        let entries = touch.put.map_or(&[][..], |row| &row.indexes);
        names.push(array_text(entries.iter().map(|entry| entry.index)));
        values.push(array_text(entries.iter().map(|entry| entry.value.as_str())));
    }
    let now = now.millis();
    let rows = caller
        .call(
            &COMMIT,
            &[
                (&home, Type::TEXT),
                (&id.origin, Type::INT8),
                (&id.number, Type::INT8),
                (&now, Type::INT8),
                (&changed, Type::TEXT_ARRAY),
                (&partitions, Type::TEXT_ARRAY),
                (&collections, Type::TEXT_ARRAY),
                (&keys, Type::TEXT_ARRAY),
                (&wants, Type::INT8_ARRAY),
                (&deletes, Type::BOOL_ARRAY),
                (&puts, Type::INT4_ARRAY),
                (&bodies, Type::TEXT_ARRAY),
                (&expiries, Type::INT8_ARRAY),
                (&names, Type::TEXT_ARRAY),
                (&values, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    let corrupt = |text: String| Unanswered { error: StoreError::Corrupt(text), perhaps_done: true };
    let answer: Vec<i64> = match rows.first().map(|row| row.try_get(0)) {
        Some(Ok(answer)) => answer,
        Some(Err(cause)) => return Err(corrupt(told(&cause))),
        None => return Err(corrupt(String::from("a commit had no answer"))),
    };
    match answer.split_first() {
        Some((0, seen)) => conflict(batch, &touches, seen)
            .map(Outcome::Conflict)
            .ok_or_else(|| corrupt(String::from("a conflict without a row"))),
        Some((_, seen)) => Ok(Outcome::Committed(changes(&touches, seen))),
        None => Err(corrupt(String::from("a commit had an empty answer"))),
    }
}

/// What may have changed, when it is not known whether the batch was done.
pub(crate) fn perhaps_changed(batch: &RawBatch) -> Vec<Change> {
    changes(&touches(batch), &[])
}

type Touches<'b> = BTreeMap<(&'b str, &'b str, &'b str), Touch<'b>>;

fn touches(batch: &RawBatch) -> Touches<'_> {
    let mut touches = Touches::new();
    for expectation in &batch.expect {
        let (id, want) = match expectation {
            Expectation::Absent(id) => (id, 0),
            Expectation::Version(id, 0) => (id, NEVER),
            Expectation::Version(id, version) => (id, i64::try_from(*version).unwrap_or(NEVER)),
        };
        let touch = touches.entry(place(id)).or_default();
        touch.want = Some(if touch.want.is_none_or(|before| before == want) { want } else { NEVER });
    }
    for id in &batch.delete {
        touches.entry(place(id)).or_default().deleted = true;
    }
    for row in &batch.put {
        let touch = touches.entry(place(&row.id)).or_default();
        touch.puts += 1;
        touch.put = Some(row);
    }
    touches
}

fn place(id: &RowId) -> (&str, &str, &str) {
    (&id.partition, id.collection, &id.key)
}

/// An array as PostgreSQL reads it from text (manual, "Array Input and Output Syntax").
fn array_text<'t>(elements: impl Iterator<Item = &'t str>) -> String {
    let mut text = String::from("{");
    for element in elements {
        if text.len() > 1 {
            text.push(',');
        }
        text.push('"');
        for char in element.chars() {
            if matches!(char, '"' | '\\') {
                text.push('\\');
            }
            text.push(char);
        }
        text.push('"');
    }
    text.push('}');
    text
}

/// The first expectation, in the batch's order, that does not hold for what was seen.
fn conflict(batch: &RawBatch, touches: &Touches<'_>, seen: &[i64]) -> Option<RowId> {
    let seen: BTreeMap<_, i64> = touches.keys().copied().zip(seen.iter().copied()).collect();
    // An expired row, whose version is told as a negative number, counts as absent.
    let live = |id: &RowId| seen.get(&place(id)).map_or(0, |version| (*version).max(0).unsigned_abs());
    batch.expect.iter().find_map(|expectation| match expectation {
        Expectation::Absent(id) => (live(id) != 0).then(|| id.clone()),
        Expectation::Version(id, version) => (live(id) != *version || *version == 0).then(|| id.clone()),
    })
}

/// What was put, and what was there and is not any more. Without `seen`, all that might be.
fn changes(touches: &Touches<'_>, seen: &[i64]) -> Vec<Change> {
    touches
        .iter()
        .enumerate()
        .filter(|(at, (_, touch))| {
            touch.puts > 0 || (touch.deleted && seen.get(*at).is_none_or(|version| *version != 0))
        })
        .map(|(_, ((partition, collection, key), _))| Change {
            collection: (*collection).to_owned(),
            partition: (*partition).to_owned(),
            key: (*key).to_owned(),
        })
        .collect()
}
