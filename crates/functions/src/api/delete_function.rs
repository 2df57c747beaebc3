//! `DeleteFunction`: a function with all its versions, or one version.

use std::sync::Arc;

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, Collection, Query};

use super::errors::{Trouble, conflict, invalid};
use crate::{
    functions::Inner,
    reference::{self, LATEST},
    rows::{AliasRow, EventInvokeConfigRow, FunctionRow, PolicyRow, VersionRow, version_key},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteFunction {
    function_name: String,
    qualifier: Option<String>,
}

impl Inner {
    pub async fn delete_function(self: &Arc<Self>, input: DeleteFunction) -> Result<Value, AwsError> {
        let named = self.named(&input.function_name, input.qualifier.as_deref())?;
        match named.qualifier.as_deref() {
            None => self.delete_all(&named.name).await?,
            Some(LATEST) => {
                return Err(invalid("$LATEST version cannot be deleted without deleting the function."));
            }
            Some(version) if reference::is_version(version) => {
                self.delete_version(&named.name, version).await?
            }
            Some(_) => {
                return Err(invalid(
                    "Deletion of aliases is not currently supported. Use DeleteAlias instead.",
                ));
            }
        }
        self.catalog.follow_up(&named.name).await.map_err(Trouble::from)?;
        Ok(json!({}))
    }

    async fn delete_all(&self, name: &str) -> Result<(), AwsError> {
        let now = self.clock.now();
        let decided: Result<(), Trouble> = self
            .store
            .decide(async || {
                let read = self.function(name).await?;
                let versions = self.versions(name).await?;
                let code = &read.value.code;
                let mut batch =
                    Batch::new().spend::<FunctionRow>(&read).release_blob(&code.sha256, &code.holder, now);
                for version in &versions {
                    batch = batch.delete::<VersionRow>(name, &version.key()).release_blob(
                        &version.code.sha256,
                        &version.code.holder,
                        now,
                    );
                }
                batch = self.delete_rows_of::<AliasRow>(name, batch).await?;
                batch = self.delete_rows_of::<PolicyRow>(name, batch).await?;
                batch = self.delete_rows_of::<EventInvokeConfigRow>(name, batch).await?;
                Ok((batch, ()))
            })
            .await;
        Ok(decided?)
    }

    async fn delete_rows_of<T: Collection>(&self, name: &str, batch: Batch) -> Result<Batch, Trouble> {
        let rows = self.store.query_all(Query::<T>::in_partition(name)).await?;
        Ok(rows.into_iter().fold(batch, |batch, row| batch.delete::<T>(name, &row.value.key())))
    }

    async fn delete_version(&self, name: &str, version: &str) -> Result<(), AwsError> {
        let row = self.version(name, version).await?;
        let aliases =
            self.store.query_all(Query::<AliasRow>::in_partition(name)).await.map_err(Trouble::from)?;
        let version = row.version.to_string();
        if let Some(alias) = aliases
            .iter()
            .find(|alias| alias.value.version == version || alias.value.weights.contains_key(&version))
        {
            return Err(conflict(format!(
                "Version '{version}' is referenced by alias '{}' and cannot be deleted.",
                alias.value.name
            )));
        }
        let batch = Batch::new()
            .delete::<VersionRow>(name, &version_key(row.version))
            .delete::<PolicyRow>(name, &PolicyRow::key_of(Some(&version)))
            .delete::<EventInvokeConfigRow>(name, &version)
            .release_blob(&row.code.sha256, &row.code.holder, self.clock.now());
        Ok(self.store.commit(batch).await.map_err(Trouble::from)?)
    }
}
