//! Aliases: `CreateAlias`, `GetAlias`, `UpdateAlias`, `DeleteAlias`, `ListAliases`.

use std::collections::BTreeMap;

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, CommitError, Query, Versioned};

use super::{
    errors::{Trouble, conflict, invalid, not_found, stale_revision},
    input::{marker, page_size},
};
use crate::{
    functions::Inner,
    invoke::uuid,
    reference::LATEST,
    rows::{AliasRow, EventInvokeConfigRow, PolicyRow},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAlias {
    function_name: String,
    name: String,
    function_version: String,
    #[serde(default)]
    description: String,
    routing_config: Option<RoutingConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateAlias {
    function_name: String,
    name: String,
    function_version: Option<String>,
    description: Option<String>,
    routing_config: Option<RoutingConfig>,
    revision_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RoutingConfig {
    #[serde(default)]
    additional_version_weights: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasName {
    function_name: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAliases {
    function_name: String,
    function_version: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

impl Inner {
    pub async fn create_alias(&self, input: CreateAlias) -> Result<Value, AwsError> {
        let function = self.unqualified(&input.function_name)?;
        self.function(&function).await?;
        let weights =
            input.routing_config.map(|routing| routing.additional_version_weights).unwrap_or_default();
        self.check_versions(&function, &input.function_version, &weights).await?;
        let row = AliasRow {
            function: function.clone(),
            name: input.name,
            version: input.function_version,
            description: input.description,
            weights,
            revision_id: uuid(&*self.rng),
        };
        self.store.commit(Batch::new().insert(&row)).await.map_err(|cause| match cause {
            CommitError::Conflict(_) => {
                conflict(format!("Alias already exists: {}", self.arn_of(&function, Some(&row.name))))
            }
            other => Trouble::from(other).into(),
        })?;
        self.catalog.forget(&function);
        Ok(self.shown_alias(&row))
    }

    pub async fn get_alias(&self, input: AliasName) -> Result<Value, AwsError> {
        let function = self.unqualified(&input.function_name)?;
        Ok(self.shown_alias(&self.alias(&function, &input.name).await?.value))
    }

    pub async fn update_alias(&self, input: UpdateAlias) -> Result<Value, AwsError> {
        let function = self.unqualified(&input.function_name)?;
        let read = self.alias(&function, &input.name).await?;
        if input.revision_id.is_some_and(|revision| revision != read.value.revision_id) {
            return Err(stale_revision());
        }
        let mut row = read.value.clone();
        if let Some(version) = input.function_version {
            row.version = version;
        }
        if let Some(routing) = input.routing_config {
            row.weights = routing.additional_version_weights;
        }
        if let Some(description) = input.description {
            row.description = description;
        }
        self.check_versions(&function, &row.version, &row.weights).await?;
        row.revision_id = uuid(&*self.rng);
        self.store.commit(Batch::new().replace(&read, &row)).await.map_err(Trouble::from)?;
        self.catalog.forget(&function);
        Ok(self.shown_alias(&row))
    }

    /// Deleting one that is not there is no error, as on AWS.
    pub async fn delete_alias(&self, input: AliasName) -> Result<Value, AwsError> {
        let function = self.unqualified(&input.function_name)?;
        let batch = Batch::new()
            .delete::<AliasRow>(&function, &input.name)
            .delete::<PolicyRow>(&function, &PolicyRow::key_of(Some(&input.name)))
            .delete::<EventInvokeConfigRow>(&function, &input.name);
        self.store.commit(batch).await.map_err(Trouble::from)?;
        self.catalog.forget(&function);
        Ok(json!({}))
    }

    pub async fn list_aliases(&self, input: ListAliases) -> Result<Value, AwsError> {
        let function = self.unqualified(&input.function_name)?;
        self.function(&function).await?;
        let query = Query::<AliasRow>::in_partition(&function)
            .limit(page_size(input.max_items, 50))
            .after(marker(input.marker.as_deref())?);
        let page = self.store.query(query).await.map_err(Trouble::from)?;
        let aliases: Vec<Value> = page
            .rows
            .iter()
            .map(|read| &read.value)
            .filter(|row| input.function_version.as_ref().is_none_or(|version| row.version == *version))
            .map(|row| self.shown_alias(row))
            .collect();
        let mut answer = json!({ "Aliases": aliases });
        if let Some(next) = page.next {
            answer["NextMarker"] = json!(next.to_wire());
        }
        Ok(answer)
    }

    async fn alias(&self, function: &str, name: &str) -> Result<Versioned<AliasRow>, AwsError> {
        let read = self.store.get::<AliasRow>(function, name).await.map_err(Trouble::from)?;
        read.ok_or_else(|| not_found(format!("Cannot find alias arn: {}", self.arn_of(function, Some(name)))))
    }

    async fn check_versions(
        &self,
        function: &str,
        version: &str,
        weights: &BTreeMap<String, f64>,
    ) -> Result<(), AwsError> {
        if version != LATEST {
            self.version(function, version).await?;
        }
        if weights.len() > 1 {
            return Err(invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"));
        }
        for other in weights.keys() {
            if version == LATEST || other == LATEST {
                return Err(invalid("$LATEST is not supported for an alias pointing to more than 1 version"));
            }
            if other == version {
                return Err(invalid(format!(
                    "Invalid function version {version}. Function version {version} is already included in routing \
                     configuration."
                )));
            }
            self.version(function, other).await?;
        }
        Ok(())
    }

    fn shown_alias(&self, row: &AliasRow) -> Value {
        let mut shown = json!({
            "AliasArn": self.arn_of(&row.function, Some(&row.name)),
            "Name": row.name,
            "FunctionVersion": row.version,
            "Description": row.description,
            "RevisionId": row.revision_id,
        });
        if !row.weights.is_empty() {
            shown["RoutingConfig"] = json!({ "AdditionalVersionWeights": row.weights });
        }
        shown
    }
}
