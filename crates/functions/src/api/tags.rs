//! `TagResource`, `UntagResource`, `ListTags`.

use std::collections::BTreeMap;

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Batch;

use super::errors::{Trouble, constraint, invalid};
use crate::functions::Inner;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TagResource {
    resource: String,
    tags: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UntagResource {
    resource: String,
    tag_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListTags {
    resource: String,
}

impl Inner {
    pub async fn tag_resource(&self, input: TagResource) -> Result<Value, AwsError> {
        checked_tags(&input.tags)?;
        self.change_tags(&input.resource, |tags| tags.extend(input.tags.clone())).await
    }

    pub async fn untag_resource(&self, input: UntagResource) -> Result<Value, AwsError> {
        self.change_tags(&input.resource, |tags| tags.retain(|key, _| !input.tag_keys.contains(key))).await
    }

    pub async fn list_tags(&self, input: ListTags) -> Result<Value, AwsError> {
        let row = self.function(&self.tagged(&input.resource)?).await?.value;
        Ok(json!({ "Tags": row.tags }))
    }

    fn tagged(&self, resource: &str) -> Result<String, AwsError> {
        if !resource.starts_with("arn:") {
            return Err(invalid(format!("{resource} is not an ARN.")));
        }
        self.unqualified(resource)
    }

    async fn change_tags(
        &self,
        resource: &str,
        change: impl Fn(&mut BTreeMap<String, String>),
    ) -> Result<Value, AwsError> {
        let name = self.tagged(resource)?;
        let decided: Result<(), Trouble> = self
            .store
            .decide(async || {
                let read = self.function(&name).await?;
                let mut row = read.value.clone();
                change(&mut row.tags);
                checked_tags(&row.tags)?;
                Ok((Batch::new().replace(&read, &row), ()))
            })
            .await;
        decided?;
        Ok(json!({}))
    }
}

pub fn checked_tags(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() > 50 {
        return Err(invalid("The number of tags exceeds the limit of 50."));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(constraint(key, "tags", "Map keys must have length between 1 and 128"));
        }
        if value.chars().count() > 256 {
            return Err(constraint(value, "tags", "Map values must have length less than or equal to 256"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") && !key.starts_with("aws:cloudformation:") {
            return Err(invalid("Tag keys starting with aws: are reserved for internal use."));
        }
    }
    Ok(())
}
