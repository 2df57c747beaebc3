//! The control side: what CloudFormation's `AWS::ApiGateway::*` types call. Each call checks what AWS checks, then
//! commits one batch that expects the API to be there, so that nothing is left of an API that is deleted meanwhile.

pub mod api_key;
pub mod authorizer;
pub mod deployment;
pub mod errors;
pub mod gateway_response;
pub mod method;
pub mod model;
pub mod request_validator;
pub mod resource;
pub mod rest_api;
pub mod stage;
pub mod usage_plan;

use base::{AwsError, ids::LOWER_ALPHANUMERIC};
use ports::RngExt;
use store::Versioned;

use crate::{gateway::Inner, rows::RestApiRow};

/// Ids of resources, authorizers, deployments, models and validators.
const SHORT_ID: usize = 6;

impl Inner {
    fn short_id(&self) -> String {
        self.rng.string(LOWER_ALPHANUMERIC, SHORT_ID)
    }

    fn long_id(&self) -> String {
        self.rng.string(LOWER_ALPHANUMERIC, base::ids::API_ID_LENGTH)
    }

    async fn rest_api(&self, id: &str) -> Result<Versioned<RestApiRow>, AwsError> {
        let found = self.store.get::<RestApiRow>(id, id).await.map_err(errors::from_store)?;
        found.ok_or_else(|| errors::not_found("Invalid API identifier specified", &self.config, id))
    }
}
