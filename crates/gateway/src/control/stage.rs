//! `AWS::ApiGateway::Stage`.

use base::{AwsError, Timestamp};
use store::{Batch, Query};

use super::errors::{Refused, bad_request, conflict, from_store, missing};
use crate::{
    Gateway,
    definitions::StageDefinition,
    rows::{DeploymentRow, StageRow},
};

impl Gateway {
    pub async fn create_stage(
        &self,
        rest_api_id: &str,
        definition: StageDefinition,
    ) -> Result<StageRow, AwsError> {
        self.write_stage(rest_api_id, definition, false).await
    }

    /// Replaces the settings of the stage of that name, its deployment among them.
    pub async fn update_stage(
        &self,
        rest_api_id: &str,
        definition: StageDefinition,
    ) -> Result<StageRow, AwsError> {
        self.write_stage(rest_api_id, definition, true).await
    }

    async fn write_stage(
        &self,
        api_id: &str,
        definition: StageDefinition,
        must_exist: bool,
    ) -> Result<StageRow, AwsError> {
        check_stage(&definition)?;
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let api = self.inner.rest_api(api_id).await?;
            let deployment = store.get::<DeploymentRow>(api_id, &definition.deployment_id).await?;
            let deployment = deployment.ok_or_else(|| missing("Deployment"))?;
            let now = self.inner.clock.now();
            let old = store.get::<StageRow>(api_id, &definition.stage_name).await?;
            let batch = Batch::new().expect(&api).expect(&deployment);
            let (batch, row) = match (old, must_exist) {
                (Some(old), true) => {
                    let row =
                        StageRow { definition: definition.clone(), updated_at: now, ..old.value.clone() };
                    (batch.replace(&old, &row), row)
                }
                (None, false) => {
                    let row = stage_row(api_id, definition.clone(), now);
                    (batch.insert(&row), row)
                }
                (Some(_), false) => return Err(conflict("Stage already exists").into()),
                (None, true) => return Err(missing("stage").into()),
            };
            Ok::<_, Refused>((batch, row))
        });
        let row = decided.await.map_err(|refused| refused.0)?;
        self.inner.tables.drop_api(api_id);
        Ok(row)
    }

    pub async fn get_stage(&self, rest_api_id: &str, stage_name: &str) -> Result<StageRow, AwsError> {
        let row = self.inner.store.get::<StageRow>(rest_api_id, stage_name).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("stage"))
    }

    pub async fn stages(&self, rest_api_id: &str) -> Result<Vec<StageRow>, AwsError> {
        let rows = self.inner.store.query_all(Query::<StageRow>::in_partition(rest_api_id)).await;
        Ok(rows.map_err(from_store)?.into_iter().map(|row| row.value).collect())
    }

    pub async fn delete_stage(&self, rest_api_id: &str, stage_name: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row =
                store.get::<StageRow>(rest_api_id, stage_name).await?.ok_or_else(|| missing("stage"))?;
            Ok::<_, Refused>((Batch::new().spend(&row), ()))
        });
        decided.await.map_err(|refused| refused.0)?;
        self.inner.tables.drop_api(rest_api_id);
        Ok(())
    }
}

pub(super) fn stage_row(api_id: &str, definition: StageDefinition, now: Timestamp) -> StageRow {
    StageRow { rest_api_id: api_id.to_owned(), definition, created_at: now, updated_at: now }
}

pub(super) fn check_stage(definition: &StageDefinition) -> Result<(), AwsError> {
    let name = &definition.stage_name;
    let fits = (1..=128).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !fits {
        return Err(bad_request("Stage name only allows a-zA-Z0-9_- and has at most 128 characters"));
    }
    if definition.cache_cluster_enabled {
        return Err(bad_request("a stage's cache (CacheClusterEnabled) is not supported"));
    }
    for setting in &definition.method_settings {
        if setting.caching_enabled == Some(true) {
            return Err(bad_request("a stage's cache (CachingEnabled) is not supported"));
        }
        if setting.throttling_rate_limit.is_some_and(|rate| !(0.0..=1e9).contains(&rate)) {
            return Err(bad_request("Invalid throttling rate limit"));
        }
    }
    for (name, value) in &definition.variables {
        let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&byte));
        if !named || !plain || name.len() > 64 || value.len() > 512 {
            return Err(bad_request(format!(
                "Invalid stage variable value: {name}. Please use values with alphanumeric characters and the \
                 symbols '-', '.', '_', '~', ':', '/', '?', '#', '&', '=' and ','."
            )));
        }
    }
    Ok(())
}
