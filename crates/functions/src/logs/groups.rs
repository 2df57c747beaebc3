//! Log groups: made, listed, deleted, kept for so many days, tagged.

use std::collections::BTreeMap;

use base::{Arn, AwsError, PageToken};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, Query, Versioned};

use super::{
    Logs,
    answer::{Trouble, constraint, invalid, no_such_group},
    rows::{GROUPS, LogChunkRow, LogGroupRow, LogStreamRow, expiry},
};

/// CloudWatch Logs API Reference, "PutRetentionPolicy".
const RETENTIONS: &[u32] = &[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateLogGroup {
    log_group_name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    log_group_class: Option<String>,
    kms_key_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupName {
    log_group_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DescribeLogGroups {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRetentionPolicy {
    log_group_name: String,
    retention_in_days: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagLogGroup {
    log_group_name: String,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagLogGroup {
    log_group_name: String,
    tags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagResource {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UntagResource {
    resource_arn: String,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListTagsForResource {
    resource_arn: String,
}

impl Logs {
    pub(super) async fn create_log_group(&self, input: CreateLogGroup) -> Result<Value, AwsError> {
        if input.kms_key_id.is_some() {
            return Err(invalid("Poolhouse does not encrypt log groups with KMS keys: leave kmsKeyId out."));
        }
        let row = LogGroupRow {
            name: input.log_group_name,
            created_at: self.clock.now(),
            retention_days: None,
            class: input.log_group_class.unwrap_or_else(|| String::from("STANDARD")),
            tags: input.tags,
        };
        self.sink.forget_group(&row.name);
        self.store.commit(Batch::new().insert(&row)).await.map_err(|cause| match cause {
            store::CommitError::Conflict(_) => {
                AwsError::client("ResourceAlreadyExistsException", "The specified log group already exists")
            }
            other => Trouble::from(other).into(),
        })?;
        Ok(json!({}))
    }

    /// The group goes first, so that nothing new comes while its streams and events follow it.
    pub(super) async fn delete_log_group(&self, input: GroupName) -> Result<Value, AwsError> {
        let group = input.log_group_name;
        let read = self.group(&group).await?;
        let _quiet = self.sink.pause().await;
        self.store.commit(Batch::new().spend(&read)).await.map_err(Trouble::from)?;
        self.sink.forget_group(&group);
        self.delete_rows::<LogChunkRow>(&group, None).await?;
        self.delete_rows::<LogStreamRow>(&group, None).await?;
        Ok(json!({}))
    }

    pub(super) async fn describe_log_groups(&self, input: DescribeLogGroups) -> Result<Value, AwsError> {
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            return Err(invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ));
        }
        let limit = input.limit.unwrap_or(50);
        let mut query = Query::<LogGroupRow>::in_partition(GROUPS).after(token(input.next_token.as_deref())?);
        if let Some(prefix) = &input.log_group_name_prefix {
            query = query.starts_with(prefix);
        }
        let pattern = input.log_group_name_pattern.map(|pattern| pattern.to_lowercase());
        let (mut groups, mut next) = (Vec::new(), None);
        loop {
            let page = self.store.query(query.clone().limit(limit)).await.map_err(Trouble::from)?;
            for read in page.rows {
                let row = read.value;
                if pattern.as_ref().is_some_and(|pattern| !row.name.to_lowercase().contains(pattern)) {
                    continue;
                }
                groups.push(self.described(&row).await?);
            }
            // A pattern may leave a page short: go on until it is full or there is no more.
            match page.next {
                Some(after) if groups.is_empty() => query = query.after(Some(after)),
                after => {
                    next = after.or(next);
                    break;
                }
            }
        }
        let mut answer = json!({ "logGroups": groups });
        if let Some(next) = next {
            answer["nextToken"] = json!(next.to_wire());
        }
        Ok(answer)
    }

    async fn described(&self, row: &LogGroupRow) -> Result<Value, AwsError> {
        let streams = Query::<LogStreamRow>::in_partition(&row.name).limit(1000);
        let streams = self.store.query(streams).await.map_err(Trouble::from)?.rows;
        let stored: u64 = streams.iter().map(|stream| stream.value.stored_bytes).sum();
        let arn = self.group_arn(&row.name);
        let mut shown = json!({
            "logGroupName": row.name, "creationTime": row.created_at.millis(), "metricFilterCount": 0,
            "arn": format!("{arn}:*"), "logGroupArn": arn, "storedBytes": stored.min(self.bytes_per_group),
            "logGroupClass": row.class,
        });
        if let Some(days) = row.retention_days {
            shown["retentionInDays"] = json!(days);
        }
        Ok(shown)
    }

    pub(super) async fn put_retention_policy(&self, input: PutRetentionPolicy) -> Result<Value, AwsError> {
        let days = input.retention_in_days;
        if !RETENTIONS.contains(&days) {
            let set = RETENTIONS.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            let rule = format!("Member must satisfy enum value set: [{set}]");
            return Err(constraint(&days.to_string(), "retentionInDays", &rule));
        }
        self.retain_for(&input.log_group_name, Some(days)).await
    }

    pub(super) async fn delete_retention_policy(&self, input: GroupName) -> Result<Value, AwsError> {
        self.retain_for(&input.log_group_name, None).await
    }

    /// New events go by the new time at once; those that are there are given it too, page after page.
    async fn retain_for(&self, group: &str, days: Option<u32>) -> Result<Value, AwsError> {
        let read = self.group(group).await?;
        if read.value.retention_days == days {
            return Ok(json!({}));
        }
        let row = LogGroupRow { retention_days: days, ..read.value.clone() };
        self.store.commit(Batch::new().replace(&read, &row)).await.map_err(Trouble::from)?;
        self.sink.forget_group(group);
        let mut query = Query::<LogChunkRow>::in_partition(group).limit(50);
        loop {
            let page = self.store.query(query.clone()).await.map_err(Trouble::from)?;
            for chunk in &page.rows {
                let changed =
                    LogChunkRow { expires_at: expiry(chunk.value.last, days), ..chunk.value.clone() };
                // A conflict is one that went meanwhile: fine.
                let _ = self.store.commit(Batch::new().replace(chunk, &changed)).await;
            }
            match page.next {
                Some(next) => query = query.after(Some(next)),
                None => return Ok(json!({})),
            }
        }
    }

    pub(super) async fn tag_log_group(&self, input: TagLogGroup) -> Result<Value, AwsError> {
        self.change_tags(&input.log_group_name, |tags| tags.extend(input.tags.clone())).await
    }

    pub(super) async fn untag_log_group(&self, input: UntagLogGroup) -> Result<Value, AwsError> {
        self.change_tags(&input.log_group_name, |tags| tags.retain(|key, _| !input.tags.contains(key))).await
    }

    pub(super) async fn list_tags_log_group(&self, input: GroupName) -> Result<Value, AwsError> {
        Ok(json!({ "tags": self.group(&input.log_group_name).await?.value.tags }))
    }

    pub(super) async fn tag_resource(&self, input: TagResource) -> Result<Value, AwsError> {
        let group = self.group_of_arn(&input.resource_arn)?;
        self.change_tags(&group, |tags| tags.extend(input.tags.clone())).await
    }

    pub(super) async fn untag_resource(&self, input: UntagResource) -> Result<Value, AwsError> {
        let group = self.group_of_arn(&input.resource_arn)?;
        self.change_tags(&group, |tags| tags.retain(|key, _| !input.tag_keys.contains(key))).await
    }

    pub(super) async fn list_tags_for_resource(&self, input: ListTagsForResource) -> Result<Value, AwsError> {
        let group = self.group_of_arn(&input.resource_arn)?;
        Ok(json!({ "tags": self.group(&group).await?.value.tags }))
    }

    async fn change_tags(
        &self,
        group: &str,
        change: impl Fn(&mut BTreeMap<String, String>),
    ) -> Result<Value, AwsError> {
        let decided: Result<(), Trouble> = self
            .store
            .decide(async || {
                let read = self.group(group).await?;
                let mut row = read.value.clone();
                change(&mut row.tags);
                if row.tags.len() > 50 {
                    return Err(Trouble::Says(AwsError::client(
                        "TooManyTagsException",
                        "A resource can have no more than 50 tags.",
                    )));
                }
                Ok((Batch::new().replace(&read, &row), ()))
            })
            .await;
        decided?;
        Ok(json!({}))
    }

    pub(super) async fn group(&self, name: &str) -> Result<Versioned<LogGroupRow>, AwsError> {
        let read = self.store.get::<LogGroupRow>(GROUPS, name).await.map_err(Trouble::from)?;
        read.ok_or_else(no_such_group)
    }

    pub(super) fn group_arn(&self, name: &str) -> String {
        Arn::new("logs", &self.region, &self.account, format!("log-group:{name}")).to_string()
    }

    fn group_of_arn(&self, arn: &str) -> Result<String, AwsError> {
        let prefix = self.group_arn("");
        let name = arn.strip_prefix(&prefix).map(|name| name.strip_suffix(":*").unwrap_or(name));
        name.map(str::to_owned)
            .ok_or_else(|| invalid(format!("{arn} is not the ARN of a log group of this account")))
    }

    /// Deletes all rows of a collection in a group, or those of one stream, a page at a time.
    pub(super) async fn delete_rows<T: store::Collection>(
        &self,
        group: &str,
        stream: Option<String>,
    ) -> Result<(), AwsError> {
        loop {
            let mut query = Query::<T>::in_partition(group).limit(100);
            if let Some(prefix) = &stream {
                query = query.index("by_stream").starts_with(prefix);
            }
            let page = self.store.query(query).await.map_err(Trouble::from)?;
            if page.rows.is_empty() {
                return Ok(());
            }
            let batch =
                page.rows.iter().fold(Batch::new(), |batch, row| batch.delete::<T>(group, &row.value.key()));
            self.store.commit(batch).await.map_err(Trouble::from)?;
        }
    }
}

pub fn token(text: Option<&str>) -> Result<Option<PageToken>, AwsError> {
    text.map(PageToken::from_wire).transpose().map_err(|_| invalid("The specified nextToken is invalid."))
}
