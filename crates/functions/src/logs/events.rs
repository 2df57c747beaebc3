//! `PutLogEvents`: events from outside.

use base::{AwsError, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    LogEvent, Logs,
    answer::{Trouble, invalid, no_such_stream},
    rows::LogStreamRow,
};

/// CloudWatch Logs API Reference, "PutLogEvents": one batch, each event counted with 26 bytes beside its message.
const BATCH_BYTES: usize = 1_048_576;
const EVENT_OVERHEAD: usize = 26;
const OLDEST_MILLIS: i64 = 14 * 86_400_000;
const NEWEST_MILLIS: i64 = 2 * 3_600_000;
const LONGEST_SPAN_MILLIS: i64 = 86_400_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutLogEvents {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<InputEvent>,
}

#[derive(Deserialize)]
pub struct InputEvent {
    timestamp: i64,
    message: String,
}

impl Logs {
    pub(super) async fn put_log_events(&self, input: PutLogEvents) -> Result<Value, AwsError> {
        let events = input.log_events;
        if events.is_empty() || events.len() > 10_000 {
            return Err(invalid("A batch must have between 1 and 10,000 log events."));
        }
        if events.iter().any(|event| event.message.is_empty() || event.timestamp < 0) {
            return Err(invalid(
                "Log event message must not be empty and its timestamp must not be negative.",
            ));
        }
        let bytes: usize = events.iter().map(|event| event.message.len() + EVENT_OVERHEAD).sum();
        if bytes > BATCH_BYTES {
            return Err(invalid(format!("Upload too large: {bytes} bytes exceeds limit of {BATCH_BYTES}")));
        }
        if events.windows(2).any(|pair| pair[0].timestamp > pair[1].timestamp) {
            return Err(invalid(
                "Log events in a single PutLogEvents request must be in chronological order.",
            ));
        }
        let span = events.last().map_or(0, |last| last.timestamp) - events[0].timestamp;
        if span > LONGEST_SPAN_MILLIS {
            return Err(invalid(
                "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
            ));
        }
        let group = self.group(&input.log_group_name).await?.value;
        let read = self.store.get::<LogStreamRow>(&group.name, &input.log_stream_name).await;
        let stream = read.map_err(Trouble::from)?.ok_or_else(no_such_stream)?.value;

        let now = self.clock.now();
        let kept_from = match group.retention_days {
            Some(days) => now.millis() - i64::from(days) * 86_400_000,
            None => i64::MIN,
        };
        let too_old =
            events.iter().take_while(|event| event.timestamp < now.millis() - OLDEST_MILLIS).count();
        let expired = events.iter().take_while(|event| event.timestamp < kept_from).count();
        let too_new = events.iter().position(|event| event.timestamp > now.millis() + NEWEST_MILLIS);
        let accepted: Vec<LogEvent> = events[too_old.max(expired).min(events.len())
            ..too_new.unwrap_or(events.len()).max(too_old.max(expired))]
            .iter()
            .map(|event| LogEvent {
                timestamp: Timestamp::from_millis(event.timestamp),
                message: event.message.clone(),
            })
            .collect();
        if !accepted.is_empty() {
            let put = self.sink.put(stream, accepted, group.retention_days, now).await;
            put.map_err(|(cause, _)| Trouble::from(cause))?;
        }
        let mut answer =
            json!({ "nextSequenceToken": "49039859634440437571000000000000000000000000000000000000" });
        let mut rejected = serde_json::Map::new();
        if too_old > 0 {
            rejected.insert(String::from("tooOldLogEventEndIndex"), json!(too_old));
        }
        if expired > 0 {
            rejected.insert(String::from("expiredLogEventEndIndex"), json!(expired));
        }
        if let Some(at) = too_new {
            rejected.insert(String::from("tooNewLogEventStartIndex"), json!(at));
        }
        if !rejected.is_empty() {
            answer["rejectedLogEventsInfo"] = Value::Object(rejected);
        }
        Ok(answer)
    }
}
