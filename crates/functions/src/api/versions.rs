//! `PublishVersion` and `ListVersionsByFunction`.

use std::sync::Arc;

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, Query};

use super::{
    create_function::holder,
    errors::{Trouble, invalid, stale_revision},
    input::{marker, page_size},
};
use crate::{
    functions::Inner,
    invoke::uuid,
    packages::code_sha256,
    rows::{Code, VersionRow, version_key},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublishVersion {
    function_name: String,
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListVersionsByFunction {
    function_name: String,
    marker: Option<String>,
    max_items: Option<usize>,
}

impl Inner {
    pub async fn publish_version(self: &Arc<Self>, input: PublishVersion) -> Result<Value, AwsError> {
        let name = self.unqualified(&input.function_name)?;
        self.publish(&name, input.description, input.code_sha256, input.revision_id, true).await
    }

    /// Freezes `$LATEST`. Where nothing has changed since the last version, that version is the answer.
    pub async fn publish(
        self: &Arc<Self>,
        name: &str,
        description: Option<String>,
        expected_sha256: Option<String>,
        expected_revision: Option<String>,
        qualified: bool,
    ) -> Result<Value, AwsError> {
        let now = self.clock.now();
        let decided: Result<VersionRow, Trouble> = self
            .store
            .decide(async || {
                let read = self.function(name).await?;
                let function = &read.value;
                if expected_revision.as_ref().is_some_and(|revision| *revision != function.revision_id) {
                    return Err(Trouble::Says(stale_revision()));
                }
                let sha256 = code_sha256(&function.code.sha256);
                if let Some(expected) = expected_sha256.as_ref().filter(|expected| **expected != sha256) {
                    return Err(Trouble::Says(invalid(format!(
                        "CodeSHA256 ({expected}) is different from current CodeSHA256 in $LATEST ({sha256}). Please \
                         try again with the CodeSHA256 in $LATEST."
                    ))));
                }
                let last = self.store.get::<VersionRow>(name, &version_key(function.last_version)).await?;
                if let Some(last) = last
                    && last.value.generation == function.generation
                {
                    return Ok((Batch::new(), last.value));
                }
                let mut settings = function.settings.clone();
                if let Some(description) = &description {
                    settings.description = description.clone();
                }
                let number = function.last_version + 1;
                let holder = holder(name, &number.to_string(), &uuid(&*self.rng));
                let version = VersionRow {
                    name: name.to_owned(),
                    version: number,
                    settings,
                    code: Code { holder, ..function.code.clone() },
                    revision_id: uuid(&*self.rng),
                    generation: function.generation.clone(),
                    last_modified: now,
                };
                let mut function = function.clone();
                function.last_version += 1;
                let batch = Batch::new()
                    .replace(&read, &function)
                    .insert(&version)
                    .hold_blob(&version.code.sha256, &version.code.holder);
                Ok((batch, version))
            })
            .await;
        let mut shown = self.shown_version(&decided?)?;
        if !qualified {
            shown["FunctionArn"] = json!(self.arn_of(name, None));
        }
        Ok(shown)
    }

    pub async fn list_versions_by_function(&self, input: ListVersionsByFunction) -> Result<Value, AwsError> {
        let name = self.unqualified(&input.function_name)?;
        let function = self.function(&name).await?.value;
        let after = marker(input.marker.as_deref())?;
        let mut versions = Vec::new();
        let mut size = page_size(input.max_items, 50);
        if after.is_none() {
            versions.push(self.shown(&function, true)?);
            size = size.saturating_sub(1).max(1);
        }
        let query = Query::<VersionRow>::in_partition(&name).limit(size).after(after);
        let page = self.store.query(query).await.map_err(Trouble::from)?;
        for read in &page.rows {
            versions.push(self.shown_version(&read.value)?);
        }
        let mut answer = json!({ "Versions": versions });
        if let Some(next) = page.next {
            answer["NextMarker"] = json!(next.to_wire());
        }
        Ok(answer)
    }

    pub async fn versions(&self, name: &str) -> Result<Vec<VersionRow>, AwsError> {
        let rows =
            self.store.query_all(Query::<VersionRow>::in_partition(name)).await.map_err(Trouble::from)?;
        Ok(rows.into_iter().map(|read| read.value).collect())
    }
}
