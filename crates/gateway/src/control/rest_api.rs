//! `AWS::ApiGateway::RestApi`.

use base::{AwsError, PageToken};
use serde_json::json;
use store::{Batch, Collection, Query};

use super::errors::{Refused, bad_request, from_commit, from_store};
use crate::{
    Gateway,
    authorizers::policy::read_resource_policy,
    definitions::{ModelDefinition, RestApiDefinition},
    gateway::Inner,
    payload::BODY_LIMIT,
    rows::{
        AuthorizerRow, DeploymentRow, GatewayResponseRow, MethodRow, ModelRow, RequestValidatorRow,
        ResourcePlaceRow, ResourceRow, RestApiRow, StageRow,
    },
};

/// Rows deleted in one batch, so that no batch grows with the API.
const DELETE_PAGE: usize = 500;

impl Gateway {
    /// Makes an API with its root resource; the row says both ids.
    pub async fn create_rest_api(&self, definition: RestApiDefinition) -> Result<RestApiRow, AwsError> {
        self.create_rest_api_as(&self.inner.long_id(), definition).await
    }

    /// Under an id that the caller decided on beforehand, so that a repeated call can find out that it was made.
    pub async fn create_rest_api_as(
        &self,
        id: &str,
        definition: RestApiDefinition,
    ) -> Result<RestApiRow, AwsError> {
        check(&definition)?;
        let row = RestApiRow {
            id: id.to_owned(),
            root_resource_id: self.inner.long_id(),
            definition,
            created_at: self.inner.clock.now(),
        };
        let root = ResourceRow {
            rest_api_id: row.id.clone(),
            id: row.root_resource_id.clone(),
            parent_id: None,
            path_part: String::new(),
            path: String::from("/"),
        };
        let mut batch = Batch::new().insert(&row).insert(&root);
        for model in self.inner.first_models(&row.id) {
            batch = batch.insert(&model);
        }
        self.inner.store.commit(batch).await.map_err(from_commit)?;
        Ok(row)
    }

    pub async fn get_rest_api(&self, id: &str) -> Result<RestApiRow, AwsError> {
        Ok(self.inner.rest_api(id).await?.value)
    }

    /// Every API of the server.
    pub async fn rest_apis(&self) -> Result<Vec<RestApiRow>, AwsError> {
        let rows = self.inner.store.scan::<RestApiRow>().await.map_err(from_store)?;
        Ok(rows.into_iter().map(|row| row.value).collect())
    }

    /// Replaces the definition. Like all else of an API it takes effect with the next deployment.
    pub async fn update_rest_api(
        &self,
        id: &str,
        definition: RestApiDefinition,
    ) -> Result<RestApiRow, AwsError> {
        check(&definition)?;
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let api = self.inner.rest_api(id).await?;
            let row = RestApiRow { definition: definition.clone(), ..api.value.clone() };
            Ok::<_, Refused>((Batch::new().replace(&api, &row), row))
        });
        decided.await.map_err(|refused| refused.0)
    }

    /// Deletes the API and all that hangs on it: first the API itself, after which nothing can be added.
    pub async fn delete_rest_api(&self, id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let api = self.inner.rest_api(id).await?;
            Ok::<_, Refused>((Batch::new().spend(&api), ()))
        });
        decided.await.map_err(|refused| refused.0)?;
        self.inner.tables.drop_api(id);
        self.inner.metrics.forget(id);
        self.inner.buckets.forget(id);
        self.inner.delete_rows::<StageRow>(id).await?;
        self.inner.delete_rows::<DeploymentRow>(id).await?;
        self.inner.delete_rows::<MethodRow>(id).await?;
        self.inner.delete_rows::<ResourceRow>(id).await?;
        self.inner.delete_rows::<ResourcePlaceRow>(id).await?;
        self.inner.delete_rows::<AuthorizerRow>(id).await?;
        self.inner.delete_rows::<ModelRow>(id).await?;
        self.inner.delete_rows::<RequestValidatorRow>(id).await?;
        self.inner.delete_rows::<GatewayResponseRow>(id).await?;
        self.inner.tables.drop_api(id);
        Ok(())
    }
}

impl Inner {
    /// Every API begins with the models `Empty` and `Error`, as on AWS.
    fn first_models(&self, api_id: &str) -> [ModelRow; 2] {
        let schemas = [
            (
                "Empty",
                json!({"$schema": "http://json-schema.org/draft-04/schema#", "title": "Empty Schema", "type": "object"}),
            ),
            (
                "Error",
                json!({"$schema": "http://json-schema.org/draft-04/schema#", "title": "Error Schema",
                "type": "object", "properties": {"message": {"type": "string"}}}),
            ),
        ];
        schemas.map(|(name, schema)| ModelRow {
            rest_api_id: api_id.to_owned(),
            id: self.short_id(),
            name: name.to_owned(),
            definition: ModelDefinition {
                name: Some(name.to_owned()),
                content_type: Some(String::from("application/json")),
                schema: Some(schema),
                ..ModelDefinition::default()
            },
        })
    }

    async fn delete_rows<T: Collection>(&self, api_id: &str) -> Result<(), AwsError> {
        loop {
            let page = Query::<T>::in_partition(api_id).limit(DELETE_PAGE);
            let page = self.store.query(page).await.map_err(from_store)?;
            if page.rows.is_empty() {
                return Ok(());
            }
            let batch =
                page.rows.iter().fold(Batch::new(), |batch, row| batch.delete::<T>(api_id, &row.value.key()));
            self.store.commit(batch).await.map_err(from_commit)?;
            let more: Option<PageToken> = page.next;
            if more.is_none() {
                return Ok(());
            }
        }
    }
}

fn check(definition: &RestApiDefinition) -> Result<(), AwsError> {
    if definition.name.trim().is_empty() {
        return Err(bad_request("API name is required"));
    }
    if definition.body.is_some() || definition.body_s3_location.is_some() {
        return Err(bad_request("importing an API (Body, BodyS3Location) is not supported"));
    }
    if definition.clone_from.is_some() {
        return Err(bad_request("CloneFrom is not supported"));
    }
    match definition.api_key_source_type.as_deref() {
        None | Some("HEADER" | "AUTHORIZER") => {}
        Some(other) => return Err(bad_request(format!("Invalid API key source type: {other}"))),
    }
    let types = definition.endpoint_configuration.iter().flat_map(|endpoint| &endpoint.types);
    for kind in types {
        match kind.as_str() {
            "EDGE" | "REGIONAL" => {}
            "PRIVATE" => {
                return Err(bad_request("PRIVATE endpoints are not supported: every API is reachable"));
            }
            other => return Err(bad_request(format!("Invalid endpoint type: {other}"))),
        }
    }
    if definition.minimum_compression_size.is_some_and(|size| size as usize > BODY_LIMIT) {
        return Err(bad_request(format!(
            "Invalid minimum compression size, must be between 0 and {BODY_LIMIT}"
        )));
    }
    for media_type in &definition.binary_media_types {
        if !media_type.contains('/') && !media_type.contains("~1") {
            return Err(bad_request(format!("Invalid binary media type: {media_type}")));
        }
    }
    if let Some(policy) = &definition.policy {
        read_resource_policy(policy, "arn:aws:execute-api:us-east-1:000000000000:api")
            .map_err(|cause| bad_request(format!("Invalid policy document: {cause}")))?;
    }
    Ok(())
}
