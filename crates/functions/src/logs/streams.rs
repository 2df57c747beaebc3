//! Log streams.

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, CommitError, Query};

use super::{
    Logs,
    answer::{Trouble, invalid, no_such_stream},
    groups::token,
    rows::{LogChunkRow, LogStreamRow, STREAM_END, expiry},
    sink::new_stream,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamName {
    log_group_name: String,
    log_stream_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogStreams {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    next_token: Option<String>,
    limit: Option<usize>,
}

impl Logs {
    pub(super) async fn create_log_stream(&self, input: StreamName) -> Result<Value, AwsError> {
        let group = self.group(&input.log_group_name).await?.value;
        let now = self.clock.now();
        let mut row = new_stream(&group.name, &input.log_stream_name, now);
        row.expires_at = expiry(now, group.retention_days);
        self.store.commit(Batch::new().insert(&row)).await.map_err(|cause| match cause {
            CommitError::Conflict(_) => {
                AwsError::client("ResourceAlreadyExistsException", "The specified log stream already exists")
            }
            other => Trouble::from(other).into(),
        })?;
        Ok(json!({}))
    }

    pub(super) async fn delete_log_stream(&self, input: StreamName) -> Result<Value, AwsError> {
        self.group(&input.log_group_name).await?;
        let (group, stream) = (input.log_group_name, input.log_stream_name);
        let read = self.store.get::<LogStreamRow>(&group, &stream).await.map_err(Trouble::from)?;
        let read = read.ok_or_else(no_such_stream)?;
        self.store.commit(Batch::new().spend(&read)).await.map_err(Trouble::from)?;
        self.delete_rows::<LogChunkRow>(&group, Some(format!("{stream}{STREAM_END}"))).await?;
        Ok(json!({}))
    }

    pub(super) async fn describe_log_streams(&self, input: DescribeLogStreams) -> Result<Value, AwsError> {
        let group = self.named_group(input.log_group_name, input.log_group_identifier)?;
        self.group(&group).await?;
        let most = input.limit.unwrap_or(50);
        let by_time = match input.order_by.as_deref() {
            None | Some("LogStreamName") => false,
            Some("LastEventTime") if input.log_stream_name_prefix.is_some() => {
                return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
            }
            Some("LastEventTime") => true,
            Some(other) => {
                return Err(invalid(format!("'{other}' is not an order: LogStreamName or LastEventTime")));
            }
        };
        let mut query = Query::<LogStreamRow>::in_partition(&group);
        if by_time {
            query = query.index("by_last_event");
        } else if let Some(prefix) = &input.log_stream_name_prefix {
            query = query.starts_with(prefix);
        }
        let (rows, next) = if input.descending {
            self.last_streams(query, most, input.next_token.as_deref()).await?
        } else {
            let query = query.limit(most).after(token(input.next_token.as_deref())?);
            let page = self.store.query(query).await.map_err(Trouble::from)?;
            let rows = page.rows.into_iter().map(|read| read.value).collect();
            (rows, page.next.map(|next| next.to_wire()))
        };
        let streams: Vec<Value> = rows.iter().map(|row| self.described_stream(row)).collect();
        let mut answer = json!({ "logStreams": streams });
        if let Some(next) = next {
            answer["nextToken"] = json!(next);
        }
        Ok(answer)
    }

    /// Backwards: streams are few enough to turn around here. The token says how many were shown.
    async fn last_streams(
        &self,
        query: Query<LogStreamRow>,
        most: usize,
        shown: Option<&str>,
    ) -> Result<(Vec<LogStreamRow>, Option<String>), AwsError> {
        let shown: usize = match shown {
            Some(text) => text.parse().map_err(|_| invalid("The specified nextToken is invalid."))?,
            None => 0,
        };
        let all = self.store.query_all(query).await.map_err(Trouble::from)?;
        let there_is_more = all.len() > shown.saturating_add(most);
        let rows = all.into_iter().rev().skip(shown).take(most).map(|read| read.value).collect();
        Ok((rows, there_is_more.then(|| (shown + most).to_string())))
    }

    fn described_stream(&self, row: &LogStreamRow) -> Value {
        let arn = format!("{}:log-stream:{}", self.group_arn(&row.group), row.name);
        let mut shown = json!({
            "logStreamName": row.name, "creationTime": row.created_at.millis(), "arn": arn, "storedBytes": 0,
            "uploadSequenceToken": "49039859634440437571000000000000000000000000000000000000",
        });
        for (member, at) in [
            ("firstEventTimestamp", row.first_event),
            ("lastEventTimestamp", row.last_event),
            ("lastIngestionTime", row.last_ingestion),
        ] {
            if let Some(at) = at {
                shown[member] = json!(at.millis());
            }
        }
        shown
    }

    /// A group is named by its name or by an identifier, which is its name or ARN.
    pub(super) fn named_group(
        &self,
        name: Option<String>,
        identifier: Option<String>,
    ) -> Result<String, AwsError> {
        let name = match (name, identifier) {
            (Some(name), None) => name,
            (None, Some(identifier)) => match identifier.strip_prefix(&self.group_arn("")) {
                Some(name) => name.strip_suffix(":*").unwrap_or(name).to_owned(),
                None => identifier,
            },
            (Some(_), Some(_)) => {
                return Err(invalid(
                    "LogGroup name and LogGroup identifier are mutually exclusive parameters.",
                ));
            }
            (None, None) => {
                return Err(invalid("Either LogGroup name or LogGroup identifier must be provided."));
            }
        };
        Ok(name)
    }
}
