//! Amazon CloudWatch Logs, by JSON 1.1.

use serde_json::json;

use super::{AwsFailure, Client, cognito::json_call};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    pub id: String,
    pub stream: String,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    pub message: String,
}

/// Events of a group from `start` on, oldest first; at most `most`.
pub async fn filter(
    client: &Client,
    group: &str,
    start: i64,
    pattern: Option<&str>,
    most: usize,
) -> Result<Vec<LogEvent>, AwsFailure> {
    let mut events = Vec::new();
    let mut next: Option<String> = None;
    while events.len() < most {
        let mut input = json!({"logGroupName": group, "startTime": start});
        if let Some(pattern) = pattern {
            input["filterPattern"] = json!(pattern);
        }
        if let Some(token) = next.take() {
            input["nextToken"] = json!(token);
        }
        let output = json_call(client, "logs", "Logs_20140328", "FilterLogEvents", &input).await?;
        for event in output["events"].as_array().into_iter().flatten() {
            let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
            events.push(LogEvent {
                id: text("eventId"),
                stream: text("logStreamName"),
                timestamp: event["timestamp"].as_i64().unwrap_or_default(),
                message: text("message"),
            });
        }
        match output["nextToken"].as_str() {
            Some(token) if !token.is_empty() => next = Some(token.to_owned()),
            _ => break,
        }
    }
    Ok(events)
}

pub fn is_missing_group(failure: &AwsFailure) -> bool {
    failure.code() == "ResourceNotFoundException"
}
