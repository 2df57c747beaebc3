//! Reading events back: one stream forwards and backwards (`GetLogEvents`), or a whole group through a pattern
//! (`FilterLogEvents`).

use base::{AwsError, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use store::Query;

use super::{
    Logs,
    answer::{Trouble, invalid, no_such_stream},
    pattern::Pattern,
    rows::{CHUNK_SPAN_MILLIS, LogChunkRow, LogStreamRow, STREAM_END, newest_first, sortable},
};

/// An answer ends at so many bytes of messages.
const ANSWER_BYTES: usize = 1024 * 1024;
/// Chunks looked through for one answer; a page may come back short, or empty with a token, as on AWS.
const CHUNKS_LOOKED_THROUGH: usize = 512;
const CHUNKS_PER_READ: usize = 16;
/// What follows `STREAM_END`: the end of a stream's index values.
const AFTER_STREAM: char = '\u{2}';

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilterLogEvents {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// One event and where it is.
struct Found {
    chunk: String,
    index: usize,
    stream: String,
    timestamp: i64,
    message: String,
    ingested_at: Timestamp,
}

/// A place in a group or stream: just behind (or, backwards, before) an event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    chunk: String,
    index: usize,
}

impl Logs {
    pub(super) async fn get_log_events(&self, input: GetLogEvents) -> Result<Value, AwsError> {
        let group = self.named_group(input.log_group_name, input.log_group_identifier)?;
        self.group(&group).await?;
        let stream = input.log_stream_name;
        let exists = self.store.get::<LogStreamRow>(&group, &stream).await.map_err(Trouble::from)?;
        exists.ok_or_else(no_such_stream)?;
        let most = input.limit.unwrap_or(10_000);
        let within = |at: i64| {
            input.start_time.is_none_or(|start| at >= start) && input.end_time.is_none_or(|end| at < end)
        };
        let (forwards, from) = match &input.next_token {
            Some(token) => Place::from_wire(token)?,
            None => (input.start_from_head, None),
        };
        let mut found = Vec::new();
        let mut bytes = 0;
        let mut query = if forwards {
            let from = from.as_ref().map_or(String::new(), |place| place.chunk.clone());
            Query::<LogChunkRow>::in_partition(&group)
                .index("by_stream")
                .between(format!("{stream}{STREAM_END}{from}"), format!("{stream}{AFTER_STREAM}"))
        } else {
            let from = from.as_ref().map_or(String::new(), |place| newest_first(&place.chunk));
            Query::<LogChunkRow>::in_partition(&group)
                .index("by_stream_newest")
                .between(format!("{stream}{STREAM_END}{from}"), format!("{stream}{AFTER_STREAM}"))
        }
        .limit(CHUNKS_PER_READ);
        'pages: loop {
            let page = self.store.query(query.clone()).await.map_err(Trouble::from)?;
            for read in &page.rows {
                let mut events = found_in(&read.value);
                if !forwards {
                    events.reverse();
                }
                for event in events {
                    if from.as_ref().is_some_and(|place| !place.is_before(&event, forwards))
                        || !within(event.timestamp)
                    {
                        continue;
                    }
                    bytes += event.message.len();
                    if found.len() == most || (bytes > ANSWER_BYTES && !found.is_empty()) {
                        break 'pages;
                    }
                    found.push(event);
                }
            }
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => break,
            }
        }
        if !forwards {
            found.reverse();
        }
        // With nothing more to show, the token stays where it was: that is how callers know.
        let still = from.unwrap_or_else(|| Place { chunk: sortable(Timestamp::default()), index: 0 });
        let place = |event: Option<&Found>| {
            event.map_or(still.clone(), |event| Place { chunk: event.chunk.clone(), index: event.index })
        };
        Ok(json!({
            "events": found.iter().map(Found::shown).collect::<Vec<_>>(),
            "nextForwardToken": place(found.last()).to_wire(true),
            "nextBackwardToken": place(found.first()).to_wire(false),
        }))
    }

    pub(super) async fn filter_log_events(&self, input: FilterLogEvents) -> Result<Value, AwsError> {
        let group = self.named_group(input.log_group_name, input.log_group_identifier)?;
        self.group(&group).await?;
        let names = input.log_stream_names.unwrap_or_default();
        if !names.is_empty() && input.log_stream_name_prefix.is_some() {
            return Err(invalid(
                "logStreamNames and logStreamNamePrefix are mutually exclusive: give one of them.",
            ));
        }
        let most = input.limit.unwrap_or(10_000);
        let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default())
            .map_err(|why| invalid(format!("Invalid filter pattern: {why}")))?;
        let start = input.start_time.unwrap_or_default().max(0);
        let end = input.end_time.unwrap_or(i64::MAX);
        let from =
            input.next_token.as_deref().map(Place::from_wire).transpose()?.and_then(|(_, place)| place);
        let first_key = from
            .as_ref()
            .map_or_else(|| sortable(Timestamp::from_millis(start)), |place| place.chunk.clone());
        // A chunk stands where its last event is, at most a minute behind its first.
        let last_key =
            sortable(Timestamp::from_millis(end.saturating_add(CHUNK_SPAN_MILLIS).min(9_999_999_999_998)));
        let mut query = Query::<LogChunkRow>::in_partition(&group)
            .between(first_key, format!("{last_key}:"))
            .limit(CHUNKS_PER_READ);
        let wanted = |stream: &str| {
            (names.is_empty() || names.iter().any(|name| name == stream))
                && input.log_stream_name_prefix.as_deref().is_none_or(|prefix| stream.starts_with(prefix))
        };
        let (mut found, mut bytes, mut looked_through) = (Vec::new(), 0, 0);
        let mut next = None;
        'pages: loop {
            let page = self.store.query(query.clone()).await.map_err(Trouble::from)?;
            for read in &page.rows {
                if looked_through == CHUNKS_LOOKED_THROUGH {
                    break 'pages;
                }
                looked_through += 1;
                let mut last = None;
                for event in if wanted(&read.value.stream) { found_in(&read.value) } else { Vec::new() } {
                    let place = Place { chunk: event.chunk.clone(), index: event.index };
                    let before = from.as_ref().is_none_or(|from| from.is_before(&event, true));
                    let matches =
                        before && (start..end).contains(&event.timestamp) && pattern.matches(&event.message);
                    if matches {
                        bytes += event.message.len();
                        if found.len() == most || (bytes > ANSWER_BYTES && !found.is_empty()) {
                            next = last.or(next);
                            break 'pages;
                        }
                        found.push(event);
                    }
                    last = Some(place);
                }
                let everything = Place { chunk: read.value_key(), index: usize::MAX };
                next = Some(last.unwrap_or(everything));
            }
            match page.next {
                Some(after) => query = query.after(Some(after)),
                None => {
                    next = None;
                    break;
                }
            }
        }
        found.sort_by_key(|event| event.timestamp);
        let events: Vec<Value> = found
            .iter()
            .map(|event| {
                let mut shown = event.shown();
                shown["logStreamName"] = json!(event.stream);
                shown["eventId"] = json!(format!("{}{:06}", event.chunk, event.index));
                shown
            })
            .collect();
        let mut answer = json!({ "events": events, "searchedLogStreams": [] });
        if let Some(place) = next {
            answer["nextToken"] = json!(place.to_wire(true));
        }
        Ok(answer)
    }
}

trait ChunkKey {
    fn value_key(&self) -> String;
}

impl ChunkKey for store::Versioned<LogChunkRow> {
    fn value_key(&self) -> String {
        store::Collection::key(&self.value)
    }
}

fn found_in(chunk: &LogChunkRow) -> Vec<Found> {
    let key = store::Collection::key(chunk);
    let events = chunk.events.iter().enumerate();
    events
        .map(|(index, (timestamp, message))| Found {
            chunk: key.clone(),
            index,
            stream: chunk.stream.clone(),
            timestamp: *timestamp,
            message: message.clone(),
            ingested_at: chunk.ingested_at,
        })
        .collect()
}

impl Found {
    fn shown(&self) -> Value {
        json!({ "timestamp": self.timestamp, "message": self.message, "ingestionTime": self.ingested_at.millis() })
    }
}

impl Place {
    /// Whether `event` comes after this place in the direction of reading.
    fn is_before(&self, event: &Found, forwards: bool) -> bool {
        let here = (self.chunk.as_str(), self.index);
        let there = (event.chunk.as_str(), event.index);
        if forwards { there > here } else { there < here }
    }

    fn to_wire(&self, forwards: bool) -> String {
        format!("{}/{}/{}", if forwards { 'f' } else { 'b' }, self.chunk, self.index)
    }

    fn from_wire(text: &str) -> Result<(bool, Option<Self>), AwsError> {
        let wrong = || invalid("The specified nextToken is invalid.");
        let mut parts = text.splitn(3, '/');
        let (Some(direction @ ("f" | "b")), Some(chunk), Some(index)) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        if !chunk.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let index = index.parse().map_err(|_| wrong())?;
        Ok((direction == "f", Some(Self { chunk: chunk.to_owned(), index })))
    }
}
