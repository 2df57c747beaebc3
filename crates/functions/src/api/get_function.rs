//! `GetFunction` and `GetFunctionConfiguration`.

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Versioned;

use super::errors::{Trouble, function_not_found};
use crate::{
    functions::Inner,
    reference::{self, LATEST, Reference},
    rows::{AliasRow, FunctionRow, LATEST_KEY, VersionRow, version_key},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetFunction {
    function_name: String,
    qualifier: Option<String>,
}

impl Inner {
    /// `Code.Location` is left out: the bytes are had from where they were deployed from.
    pub async fn get_function(&self, input: GetFunction) -> Result<Value, AwsError> {
        let named = self.named(&input.function_name, input.qualifier.as_deref())?;
        let configuration = self.configuration_of(&named).await?;
        let row = self.function(&named.name).await?.value;
        let mut answer = json!({ "Configuration": configuration, "Code": { "RepositoryType": "S3" } });
        if !row.tags.is_empty() {
            answer["Tags"] = json!(row.tags);
        }
        if let Some(reserved) = row.reserved_concurrency {
            answer["Concurrency"] = json!({ "ReservedConcurrentExecutions": reserved });
        }
        Ok(answer)
    }

    pub async fn get_function_configuration(&self, input: GetFunction) -> Result<Value, AwsError> {
        self.configuration_of(&self.named(&input.function_name, input.qualifier.as_deref())?).await
    }

    async fn configuration_of(&self, named: &Reference) -> Result<Value, AwsError> {
        let row = self.function(&named.name).await?.value;
        match named.qualifier.as_deref() {
            None => self.shown(&row, false),
            Some(LATEST) => self.shown(&row, true),
            Some(version) if reference::is_version(version) => {
                self.shown_version(&self.version(&named.name, version).await?)
            }
            Some(alias) => {
                let read = self.store.get::<AliasRow>(&named.name, alias).await.map_err(Trouble::from)?;
                let read = read.ok_or_else(|| function_not_found(&self.arn_of(&named.name, Some(alias))))?;
                let mut shown = match read.value.version.as_str() {
                    LATEST => self.shown(&row, false)?,
                    version => self.shown_version(&self.version(&named.name, version).await?)?,
                };
                shown["FunctionArn"] = json!(self.arn_of(&named.name, Some(alias)));
                Ok(shown)
            }
        }
    }

    pub async fn function(&self, name: &str) -> Result<Versioned<FunctionRow>, AwsError> {
        let read = self.store.get::<FunctionRow>(name, LATEST_KEY).await.map_err(Trouble::from)?;
        read.ok_or_else(|| function_not_found(&self.arn_of(name, None)))
    }

    pub async fn version(&self, name: &str, version: &str) -> Result<VersionRow, AwsError> {
        let missing = || function_not_found(&self.arn_of(name, Some(version)));
        let number = version.parse().map_err(|_| missing())?;
        let read = self.store.get::<VersionRow>(name, &version_key(number)).await.map_err(Trouble::from)?;
        read.map(|read| read.value).ok_or_else(missing)
    }
}
