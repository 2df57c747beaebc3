//! `AWS::ApiGateway::Model`.

use base::{AwsError, ids::ALPHANUMERIC};
use ports::RngExt;
use store::{Batch, Query};

use super::errors::{Refused, bad_request, conflict, from_store, missing};
use crate::{
    Gateway,
    definitions::ModelDefinition,
    models::BodyModel,
    rows::{MethodRow, ModelRow},
};

impl Gateway {
    pub async fn create_model(
        &self,
        rest_api_id: &str,
        definition: ModelDefinition,
    ) -> Result<ModelRow, AwsError> {
        let name = definition.name.clone().unwrap_or_else(|| self.inner.rng.string(ALPHANUMERIC, 12));
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(bad_request("Model name must be alphanumeric"));
        }
        self.write_model(rest_api_id, &name, definition, false).await
    }

    /// Replaces the schema and what else there is, but for the name.
    pub async fn update_model(
        &self,
        rest_api_id: &str,
        name: &str,
        definition: ModelDefinition,
    ) -> Result<ModelRow, AwsError> {
        self.write_model(rest_api_id, name, definition, true).await
    }

    async fn write_model(
        &self,
        api_id: &str,
        name: &str,
        definition: ModelDefinition,
        must_exist: bool,
    ) -> Result<ModelRow, AwsError> {
        let store = &self.inner.store;
        let fresh_id = self.inner.short_id();
        let decided = store.decide(async || {
            let api = self.inner.rest_api(api_id).await?;
            let all = store.query_all(Query::<ModelRow>::in_partition(api_id)).await?;
            let old = all.iter().find(|row| row.value.name == name);
            let row = ModelRow {
                rest_api_id: api_id.to_owned(),
                id: old.map_or_else(|| fresh_id.clone(), |old| old.value.id.clone()),
                name: name.to_owned(),
                definition: definition.clone(),
            };
            let mut with_own: Vec<ModelRow> =
                all.iter().filter(|row| row.value.name != name).map(|row| row.value.clone()).collect();
            with_own.push(row.clone());
            BodyModel::compile(api_id, name, &with_own).map_err(bad_request)?;
            let batch = Batch::new().expect(&api);
            let batch = match (old, must_exist) {
                (Some(old), true) => batch.replace(old, &row),
                (None, false) => batch.insert(&row),
                (Some(_), false) => {
                    return Err(
                        conflict(format!("Model name already exists for this REST API: {name}")).into()
                    );
                }
                (None, true) => return Err(missing("model").into()),
            };
            Ok::<_, Refused>((batch, row))
        });
        decided.await.map_err(|refused| refused.0)
    }

    pub async fn get_model(&self, rest_api_id: &str, name: &str) -> Result<ModelRow, AwsError> {
        let row = self.inner.store.get::<ModelRow>(rest_api_id, name).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("model"))
    }

    /// Refused while a method's requests are held to it.
    pub async fn delete_model(&self, rest_api_id: &str, name: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row = store.get::<ModelRow>(rest_api_id, name).await?.ok_or_else(|| missing("model"))?;
            let methods = store.query_all(Query::<MethodRow>::in_partition(rest_api_id)).await?;
            let mut models =
                methods.iter().flat_map(|method| method.value.definition.request_models.values());
            if models.any(|own| own == name) {
                return Err(conflict(format!(
                    "Cannot delete model '{name}', is referenced in method request"
                ))
                .into());
            }
            Ok::<_, Refused>((Batch::new().spend(&row), ()))
        });
        decided.await.map_err(|refused| refused.0)
    }
}
