//! Random scripts, played against an engine and against a map in memory: every answer must be the same.
//!
//! A script is bytes, so that any generator can make one and shrink it (proptest, a fuzzer) and a failure can be written
//! down. Few keys, few tags and short lives make the steps meet.

use std::collections::BTreeMap;

use base::Timestamp;

use super::{Fixture, HeldClock, Thing};
use crate::{
    Collection, CommitError, IndexEntry, RowId,
    engine::{Expectation, PutRow, Range, RawBatch, RawQuery, Row},
};

const PARTITIONS: [&str; 2] = ["p", "q"];
const KEYS: [&str; 6] = ["a", "a\u{1}", "b", "bb", "é", "\u{10000}"];
const TAGS: [&str; 5] = ["", "x", "x:", "xy", "é"];

/// What an engine should hold: rows by partition and key, expired ones too until something takes them away.
#[derive(Default)]
struct Model {
    rows: BTreeMap<(&'static str, &'static str), Held>,
}

#[derive(Clone)]
struct Held {
    version: u64,
    body: String,
    tags: Vec<&'static str>,
    expires_at: Option<Timestamp>,
}

/// Reads a script byte by byte; past its end everything is zero.
struct Script<'s>(std::slice::Iter<'s, u8>);

impl Script<'_> {
    fn below(&mut self, bound: usize) -> usize {
        usize::from(*self.0.next().unwrap_or(&0)) % bound
    }

    fn pick(&mut self, from: &[&'static str]) -> &'static str {
        from[self.below(from.len())]
    }

    fn id(&mut self) -> (&'static str, &'static str) {
        (self.pick(&PARTITIONS), self.pick(&KEYS))
    }
}

/// Plays `script` and panics at the first answer that differs.
pub async fn play(Fixture { store, clock }: &Fixture, script: &[u8]) {
    let mut model = Model::default();
    let mut script = Script(script.iter());
    while script.0.len() > 0 {
        match script.below(8) {
            0..=3 => {
                let batch = model.draw_batch(&mut script, clock);
                let outcome = store.engine().commit(batch.clone()).await;
                let expected = model.commit(&batch, clock.now());
                match (outcome, expected) {
                    (Ok(()), Ok(())) => {}
                    (Err(CommitError::Conflict(row)), Err(conflict)) if row == conflict => {}
                    (outcome, expected) => panic!("{batch:?}: {outcome:?} instead of {expected:?}"),
                }
            }
            4 => {
                let ids: Vec<_> = (0..script.below(5)).map(|_| script.id()).collect();
                let read = store.engine().get_many(ids.iter().copied().map(row_id).collect()).await.unwrap();
                let expected: Vec<_> = ids.iter().map(|id| model.live(*id, clock.now())).collect();
                assert_eq!(read, expected);
            }
            5 | 6 => {
                let (query, limit) = draw_query(&mut script);
                let mut read = Vec::new();
                let mut after = None;
                loop {
                    let page = store.engine().query(RawQuery { after, ..query.clone() }).await.unwrap();
                    assert!(page.rows.len() <= limit);
                    read.extend(page.rows);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                assert_eq!(read, model.query(&query, clock.now()), "{query:?}");
            }
            _ if script.below(2) == 0 => clock.advance_millis(script.below(5) as i64),
            _ => {
                let swept = store.engine().sweep(1000).await.unwrap();
                assert_eq!(swept, model.sweep(clock.now()));
            }
        }
    }
}

impl Model {
    fn draw_batch(&self, script: &mut Script, clock: &HeldClock) -> RawBatch {
        let mut batch = RawBatch::default();
        for _ in 0..script.below(3) {
            let id = script.id();
            let version = self.rows.get(&id).map_or(1, |held| held.version);
            batch.expect.push(match script.below(4) {
                0 => Expectation::Absent(row_id(id)),
                1 => Expectation::Version(row_id(id), version + 1),
                _ => Expectation::Version(row_id(id), version),
            });
        }
        for _ in 0..script.below(3) {
            let (id, number) = (script.id(), script.below(256));
            let expires_at = (script.below(3) == 0).then(|| clock.now().plus_millis(script.below(6) as i64));
            let indexes =
                (0..script.below(3)).map(|_| IndexEntry::new("by_tag", script.pick(&TAGS))).collect();
            batch.put.push(PutRow { id: row_id(id), body: number.to_string(), expires_at, indexes });
        }
        for _ in 0..script.below(2) {
            batch.delete.push(row_id(script.id()));
        }
        batch
    }

    fn commit(&mut self, batch: &RawBatch, now: Timestamp) -> Result<(), RowId> {
        for expectation in &batch.expect {
            let (id, expected) = match expectation {
                Expectation::Absent(id) => (id, None),
                Expectation::Version(id, version) => (id, Some(*version)),
            };
            if self.live(name(id), now).map(|row| row.version) != expected {
                return Err(id.clone());
            }
        }
        for id in &batch.delete {
            self.rows.remove(&name(id));
        }
        for row in &batch.put {
            let version = self.rows.get(&name(&row.id)).map_or(1, |held| held.version + 1);
            let mut tags: Vec<_> = row.indexes.iter().map(|entry| known(&TAGS, &entry.value)).collect();
            tags.sort_unstable();
            tags.dedup();
            let held = Held { version, body: row.body.clone(), tags, expires_at: row.expires_at };
            self.rows.insert(name(&row.id), held);
        }
        Ok(())
    }

    fn live(&self, id: (&'static str, &'static str), now: Timestamp) -> Option<Row> {
        let held = self.rows.get(&id).filter(|held| held.is_live(now))?;
        Some(held.as_row(id))
    }

    fn query(&self, query: &RawQuery, now: Timestamp) -> Vec<Row> {
        let mut found: Vec<(&str, &str, Row)> = Vec::new();
        for ((partition, key), held) in &self.rows {
            if *partition != query.partition || !held.is_live(now) {
                continue;
            }
            let values = if query.index.is_some() { held.tags.clone() } else { vec![*key] };
            for value in values.into_iter().filter(|value| is_meant(&query.range, value)) {
                found.push((value, key, held.as_row((partition, key))));
            }
        }
        found.sort_by_key(|(value, key, _)| (*value, *key));
        found.into_iter().map(|(_, _, row)| row).collect()
    }

    fn sweep(&mut self, now: Timestamp) -> usize {
        let before = self.rows.len();
        self.rows.retain(|_, held| held.is_live(now));
        before - self.rows.len()
    }
}

impl Held {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }

    fn as_row(&self, id: (&'static str, &'static str)) -> Row {
        Row { id: row_id(id), version: self.version, body: self.body.clone(), expires_at: self.expires_at }
    }
}

fn draw_query(script: &mut Script) -> (RawQuery, usize) {
    let index = (script.below(2) == 0).then_some("by_tag");
    let names: &[&str] = if index.is_some() { &TAGS } else { &KEYS };
    let range = match script.below(4) {
        0 => Range::All,
        1 => Range::Equals(script.pick(names).to_owned()),
        2 => Range::StartsWith(script.pick(names).to_owned()),
        _ => Range::Between(script.pick(names).to_owned(), script.pick(names).to_owned()),
    };
    let limit = 1 + script.below(4);
    let partition = script.pick(&PARTITIONS).to_owned();
    (RawQuery { collection: Thing::NAME, partition, index, range, limit, after: None }, limit)
}

fn is_meant(range: &Range, value: &str) -> bool {
    match range {
        Range::All => true,
        Range::Equals(exact) => value == exact,
        Range::StartsWith(prefix) => value.starts_with(prefix),
        Range::Between(from, before) => value >= from.as_str() && value < before.as_str(),
    }
}

fn row_id((partition, key): (&str, &str)) -> RowId {
    RowId { collection: Thing::NAME, partition: partition.to_owned(), key: key.to_owned() }
}

fn name(id: &RowId) -> (&'static str, &'static str) {
    (known(&PARTITIONS, &id.partition), known(&KEYS, &id.key))
}

fn known(names: &[&'static str], name: &str) -> &'static str {
    names.iter().find(|known| **known == name).copied().unwrap()
}
