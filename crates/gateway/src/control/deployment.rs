//! `AWS::ApiGateway::Deployment`: the API as it is now, kept.

use std::collections::BTreeSet;

use base::AwsError;
use store::{Batch, Query};

use super::{
    errors::{Refused, bad_request, from_store, missing},
    stage::{check_stage, stage_row},
};
use crate::{
    Gateway,
    definitions::StageDefinition,
    gateway::Inner,
    rows::{
        ApiSnapshot, AuthorizerRow, DeploymentRow, GatewayResponseRow, MethodRow, ModelRow,
        RequestValidatorRow, ResourceRow, RestApiRow, StageRow,
    },
};

/// What a deployment leaves out although it is still there: whoever takes the snapshot is about to take it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leaving {
    /// Resource ids. Their methods go with them.
    pub resources: BTreeSet<String>,
    /// Resource ids with the HTTP method.
    pub methods: BTreeSet<(String, String)>,
    /// Response types.
    pub gateway_responses: BTreeSet<String>,
}

impl Gateway {
    /// Takes a snapshot. With a stage, the stage is made, or moved to this deployment with its other settings left as
    /// they are where `stage` says nothing of them (`StageName` and `StageDescription` of the CloudFormation type).
    pub async fn create_deployment(
        &self,
        rest_api_id: &str,
        description: Option<String>,
        stage: Option<StageDefinition>,
    ) -> Result<DeploymentRow, AwsError> {
        self.create_deployment_as(
            &self.inner.short_id(),
            rest_api_id,
            description,
            stage,
            &Leaving::default(),
        )
        .await
    }

    /// Under an id that the caller decided on beforehand, and without what is leaving.
    pub async fn create_deployment_as(
        &self,
        id: &str,
        rest_api_id: &str,
        description: Option<String>,
        stage: Option<StageDefinition>,
        leaving: &Leaving,
    ) -> Result<DeploymentRow, AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let api = self.inner.rest_api(rest_api_id).await?;
            let now = self.inner.clock.now();
            let row = DeploymentRow {
                rest_api_id: rest_api_id.to_owned(),
                id: id.to_owned(),
                description: description.clone(),
                created_at: now,
                snapshot: self.inner.snapshot(api.value.clone(), leaving).await?,
            };
            let mut batch = Batch::new().expect(&api).insert(&row);
            if let Some(wanted) = &stage {
                let wanted = StageDefinition { deployment_id: id.to_owned(), ..wanted.clone() };
                check_stage(&wanted)?;
                let old = store.get::<StageRow>(rest_api_id, &wanted.stage_name).await?;
                batch = match old {
                    Some(old) => {
                        let moved = StageRow {
                            definition: moved(&old.value.definition, wanted),
                            updated_at: now,
                            ..old.value.clone()
                        };
                        batch.replace(&old, &moved)
                    }
                    None => batch.insert(&stage_row(rest_api_id, wanted, now)),
                };
            }
            Ok::<_, Refused>((batch, row))
        });
        let row = decided.await.map_err(|refused| refused.0)?;
        self.inner.tables.drop_api(rest_api_id);
        Ok(row)
    }

    pub async fn get_deployment(&self, rest_api_id: &str, id: &str) -> Result<DeploymentRow, AwsError> {
        let row = self.inner.store.get::<DeploymentRow>(rest_api_id, id).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("Deployment"))
    }

    /// Every deployment of an API, without order.
    pub async fn deployments(&self, rest_api_id: &str) -> Result<Vec<DeploymentRow>, AwsError> {
        let rows = self.inner.store.query_all(Query::<DeploymentRow>::in_partition(rest_api_id)).await;
        Ok(rows.map_err(from_store)?.into_iter().map(|row| row.value).collect())
    }

    /// Refused while a stage serves it.
    pub async fn delete_deployment(&self, rest_api_id: &str, id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row =
                store.get::<DeploymentRow>(rest_api_id, id).await?.ok_or_else(|| missing("Deployment"))?;
            let stages = store.query_all(Query::<StageRow>::in_partition(rest_api_id)).await?;
            if stages.iter().any(|stage| stage.value.definition.deployment_id == id) {
                return Err(bad_request(
                    "Active stages pointing to this deployment must be moved or deleted",
                )
                .into());
            }
            Ok::<_, Refused>((Batch::new().spend(&row), ()))
        });
        decided.await.map_err(|refused| refused.0)
    }
}

/// A stage that a deployment moves keeps what the deployment says nothing of.
fn moved(old: &StageDefinition, wanted: StageDefinition) -> StageDefinition {
    let silent = StageDefinition {
        stage_name: wanted.stage_name.clone(),
        deployment_id: wanted.deployment_id.clone(),
        ..StageDefinition::default()
    };
    if wanted == silent {
        StageDefinition { deployment_id: wanted.deployment_id, ..old.clone() }
    } else {
        wanted
    }
}

impl Inner {
    async fn snapshot(&self, api: RestApiRow, leaving: &Leaving) -> Result<ApiSnapshot, Refused> {
        let id = api.id.clone();
        let mut snapshot = ApiSnapshot {
            api,
            resources: self.all::<ResourceRow>(&id).await?,
            methods: self.all::<MethodRow>(&id).await?,
            authorizers: self.all::<AuthorizerRow>(&id).await?,
            models: self.all::<ModelRow>(&id).await?,
            request_validators: self.all::<RequestValidatorRow>(&id).await?,
            gateway_responses: self.all::<GatewayResponseRow>(&id).await?,
        };
        if snapshot.methods.is_empty() {
            return Err(bad_request("The REST API doesn't contain any methods").into());
        }
        if snapshot.methods.iter().any(|method| method.definition.integration.is_none()) {
            return Err(bad_request("No integration defined for method").into());
        }
        snapshot.resources.retain(|resource| !leaving.resources.contains(&resource.id));
        snapshot.methods.retain(|method| {
            let key = (method.resource_id.clone(), method.definition.http_method.clone());
            !leaving.resources.contains(&key.0) && !leaving.methods.contains(&key)
        });
        snapshot
            .gateway_responses
            .retain(|response| !leaving.gateway_responses.contains(&response.definition.response_type));
        Ok(snapshot)
    }

    async fn all<T: store::Collection>(&self, api_id: &str) -> Result<Vec<T>, Refused> {
        let rows = self.store.query_all(Query::<T>::in_partition(api_id)).await?;
        Ok(rows.into_iter().map(|row| row.value).collect())
    }
}
