//! From workers to the store: each stream gathers its events in memory, and a few times a second what was gathered is
//! written, many events to a row. A stream that prints faster than the store takes loses its newest events, and says how
//! many; the function never waits.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base::Timestamp;
use ports::{Clock, Rng, RngExt};
use store::{Batch, CommitError, Store};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard, broadcast};

use super::{
    LiveLogEvent, LogEvent,
    rows::{CHUNK_SPAN_MILLIS, GROUPS, LogChunkRow, LogGroupRow, LogStreamRow, expiry},
    stream_writer::{Signals, StreamWriter},
};
use crate::rows::{FunctionRow, LATEST_KEY};

/// AWS counts so much for each event beside its message.
pub const EVENT_OVERHEAD: usize = 26;
/// What one row holds.
const CHUNK_BYTES: usize = 256 * 1024;
const CHUNKS_PER_COMMIT: usize = 8;
const WRITE_EVERY: Duration = Duration::from_millis(250);

pub struct Sink {
    store: Store,
    clock: Arc<dyn Clock>,
    writers: Mutex<Vec<Arc<StreamWriter>>>,
    signals: Arc<Signals>,
    /// Groups known to exist, with their retention.
    groups: Mutex<HashMap<String, Option<u32>>>,
    /// One writing at a time, so that a stream's events keep their order.
    writing: AsyncMutex<()>,
    count: AtomicU64,
    node: String,
    /// Bytes written to each group since the janitor last looked.
    written: Mutex<HashMap<String, u64>>,
}

impl Sink {
    pub fn new(store: Store, clock: Arc<dyn Clock>, rng: &dyn Rng) -> Arc<Self> {
        Arc::new(Self {
            store,
            clock,
            writers: Mutex::default(),
            signals: Arc::default(),
            groups: Mutex::default(),
            writing: AsyncMutex::default(),
            count: AtomicU64::new(0),
            node: rng.string(base::ids::DIGITS, 6),
            written: Mutex::default(),
        })
    }

    pub fn writer(self: &Arc<Self>, function: &str, group: Arc<str>, stream: String) -> Arc<StreamWriter> {
        let writer =
            Arc::new(StreamWriter::new(function.into(), group, stream.into(), Arc::clone(&self.signals)));
        self.writers.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&writer));
        writer
    }

    /// Events from now on.
    pub fn follow(&self) -> broadcast::Receiver<Arc<LiveLogEvent>> {
        self.signals.follow()
    }

    /// A group was made, changed or deleted.
    pub fn forget_group(&self, name: &str) {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Nothing is written while this is held.
    pub async fn pause(&self) -> MutexGuard<'_, ()> {
        self.writing.lock().await
    }

    pub fn forget_all_groups(&self) {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Writes what was gathered, over and over, until it is dropped.
    pub async fn keep_writing(self: Arc<Self>) {
        loop {
            self.signals.some.notified().await;
            let _ = tokio::time::timeout(WRITE_EVERY, self.signals.full.notified()).await;
            self.write_all().await;
        }
    }

    /// Writes what was gathered so far.
    pub async fn write_all(&self) {
        let _one = self.writing.lock().await;
        let writers: Vec<_> = {
            let mut writers = self.writers.lock().unwrap_or_else(PoisonError::into_inner);
            let all = writers.clone();
            // Who has no worker any more and holds nothing is done; `all` is the other owner.
            writers.retain(|writer| Arc::strong_count(writer) > 2 || writer.holds_something());
            all
        };
        for writer in writers {
            let (events, lost, row) = writer.take();
            if events.is_empty() && lost == 0 {
                continue;
            }
            if let Err((cause, left)) = self.write(&writer, events, lost, row).await {
                tracing::warn!(group = %writer.group(), %cause, "log events could not be written yet");
                writer.take_back(left);
            }
        }
        self.signals.notice_followers();
    }

    async fn write(
        &self,
        writer: &StreamWriter,
        mut events: Vec<LogEvent>,
        lost: u64,
        row: Option<LogStreamRow>,
    ) -> Result<(), (CommitError, Vec<LogEvent>)> {
        let now = self.clock.now();
        if lost > 0 {
            let message =
                format!("[poolhouse] {lost} log events came faster than they could be kept and are lost\n");
            events.push(LogEvent { timestamp: now, message });
        }
        let retention = match self.group(writer, now).await {
            Ok(Some(retention)) => retention,
            Ok(None) => return Ok(()),
            Err(cause) => return Err((cause, events)),
        };
        let row = row.unwrap_or_else(|| new_stream(writer.group(), writer.stream(), now));
        let row = self.put(row, events, retention, now).await?;
        writer.remember(row);
        Ok(())
    }

    /// Commits events and the stream they belong to. On a failure, what was not committed comes back.
    pub async fn put(
        &self,
        mut stream: LogStreamRow,
        events: Vec<LogEvent>,
        retention: Option<u32>,
        now: Timestamp,
    ) -> Result<LogStreamRow, (CommitError, Vec<LogEvent>)> {
        let mut chunks = self.chunks(&stream, events, retention, now);
        while !chunks.is_empty() {
            let some = &chunks[..chunks.len().min(CHUNKS_PER_COMMIT)];
            for chunk in some {
                stream.first_event =
                    Some(stream.first_event.map_or(chunk.first, |first| first.min(chunk.first)));
                stream.last_event = Some(stream.last_event.map_or(chunk.last, |last| last.max(chunk.last)));
                stream.stored_bytes += chunk.bytes;
            }
            stream.last_ingestion = Some(now);
            stream.expires_at = expiry(stream.last_event.unwrap_or(now).max(now), retention);
            let batch = some.iter().fold(Batch::new().put(&stream), |batch, chunk| batch.put(chunk));
            if let Err(cause) = self.store.commit(batch).await {
                return Err((cause, chunks.into_iter().flat_map(events_of).collect()));
            }
            let bytes = some.iter().map(|chunk| chunk.bytes).sum::<u64>();
            let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
            *written.entry(stream.group.clone()).or_default() += bytes;
            drop(written);
            chunks.drain(..some.len());
        }
        Ok(stream)
    }

    /// Groups that more than `bytes` were written to since they were last named here.
    pub fn grown(&self, bytes: u64) -> Vec<String> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let grown: Vec<_> =
            written.iter().filter(|(_, more)| **more > bytes).map(|(group, _)| group.clone()).collect();
        for group in &grown {
            written.remove(group);
        }
        grown
    }

    fn chunks(
        &self,
        stream: &LogStreamRow,
        events: Vec<LogEvent>,
        retention: Option<u32>,
        now: Timestamp,
    ) -> Vec<LogChunkRow> {
        let mut chunks: Vec<LogChunkRow> = Vec::new();
        for event in events {
            let (at, size) = (event.timestamp, event.message.len() + EVENT_OVERHEAD);
            let fits = chunks.last().is_some_and(|chunk| {
                let (first, last) = (chunk.first.min(at), chunk.last.max(at));
                chunk.bytes as usize + size <= CHUNK_BYTES && last.millis_since(first) <= CHUNK_SPAN_MILLIS
            });
            if !fits {
                let count = self.count.fetch_add(1, Ordering::Relaxed) % 1_000_000;
                chunks.push(LogChunkRow {
                    group: stream.group.clone(),
                    stream: stream.name.clone(),
                    first: at,
                    last: at,
                    ingested_at: now,
                    sequence: format!("{:013}{count:06}{}", now.millis().max(0), self.node),
                    events: Vec::new(),
                    bytes: 0,
                    expires_at: None,
                });
            }
            if let Some(chunk) = chunks.last_mut() {
                chunk.first = chunk.first.min(at);
                chunk.last = chunk.last.max(at);
                chunk.bytes += size as u64;
                chunk.expires_at = expiry(chunk.last, retention);
                chunk.events.push((at.millis(), event.message));
            }
        }
        chunks
    }

    /// The group's retention; makes the group where it is not there, as Lambda does. `None`: the group is gone and so is
    /// the function. What it wrote last must not bring back a group that went with its stack.
    async fn group(&self, writer: &StreamWriter, now: Timestamp) -> Result<Option<Option<u32>>, CommitError> {
        let name = writer.group();
        if let Some(known) = self.groups.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Some(*known));
        }
        let retention = match self.store.get::<LogGroupRow>(GROUPS, name).await? {
            Some(read) => read.value.retention_days,
            None if self.store.get::<FunctionRow>(writer.function(), LATEST_KEY).await?.is_none() => {
                return Ok(None);
            }
            None => {
                let row = LogGroupRow {
                    name: name.to_owned(),
                    created_at: now,
                    retention_days: None,
                    class: String::from("STANDARD"),
                    tags: std::collections::BTreeMap::new(),
                };
                match self.store.commit(Batch::new().insert(&row)).await {
                    Ok(()) | Err(CommitError::Conflict(_)) => None,
                    Err(cause) => return Err(cause),
                }
            }
        };
        self.groups.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), retention);
        Ok(Some(retention))
    }
}

fn events_of(chunk: LogChunkRow) -> impl Iterator<Item = LogEvent> {
    let events = chunk.events.into_iter();
    events.map(|(at, message)| LogEvent { timestamp: Timestamp::from_millis(at), message })
}

pub fn new_stream(group: &str, name: &str, now: Timestamp) -> LogStreamRow {
    LogStreamRow {
        group: group.to_owned(),
        name: name.to_owned(),
        created_at: now,
        first_event: None,
        last_event: None,
        last_ingestion: None,
        stored_bytes: 0,
        expires_at: None,
    }
}
