//! The gateway's rows. All of an API's live in its own partition; API keys and usage plans, which AWS keeps by account,
//! in one of theirs.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

use crate::definitions::{
    ApiKeyDefinition, AuthorizerDefinition, GatewayResponseDefinition, MethodDefinition, ModelDefinition,
    RequestValidatorDefinition, RestApiDefinition, StageDefinition, UsagePlanDefinition,
};

/// The partition of API keys, usage plans and what joins them.
pub const ACCOUNT: &str = "account";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RestApiRow {
    /// 10 lower-case letters or digits.
    pub id: String,
    pub root_resource_id: String,
    pub definition: RestApiDefinition,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceRow {
    pub rest_api_id: String,
    pub id: String,
    /// `None` for the root.
    pub parent_id: Option<String>,
    /// `users`, `{id}` or `{proxy+}`; empty for the root.
    pub path_part: String,
    /// From the root: `/users/{id}`.
    pub path: String,
}

/// Holds one place under a parent, so that two resources of the same path cannot be made at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourcePlaceRow {
    pub rest_api_id: String,
    pub parent_id: String,
    /// The path part; `{}` and `{+}` stand for any parameter and any greedy one.
    pub place: String,
    pub resource_id: String,
    pub path_part: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MethodRow {
    pub rest_api_id: String,
    pub resource_id: String,
    pub definition: MethodDefinition,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuthorizerRow {
    pub rest_api_id: String,
    pub id: String,
    pub definition: AuthorizerDefinition,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    pub rest_api_id: String,
    pub id: String,
    pub name: String,
    pub definition: ModelDefinition,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RequestValidatorRow {
    pub rest_api_id: String,
    pub id: String,
    pub definition: RequestValidatorDefinition,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GatewayResponseRow {
    pub rest_api_id: String,
    pub definition: GatewayResponseDefinition,
}

/// The API as it was when it was deployed. Nothing changes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentRow {
    pub rest_api_id: String,
    pub id: String,
    pub description: Option<String>,
    pub created_at: Timestamp,
    pub snapshot: ApiSnapshot,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiSnapshot {
    pub api: RestApiRow,
    pub resources: Vec<ResourceRow>,
    pub methods: Vec<MethodRow>,
    pub authorizers: Vec<AuthorizerRow>,
    pub models: Vec<ModelRow>,
    pub request_validators: Vec<RequestValidatorRow>,
    pub gateway_responses: Vec<GatewayResponseRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageRow {
    pub rest_api_id: String,
    pub definition: StageDefinition,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyRow {
    pub id: String,
    /// What callers send: kept as text, because AWS gives it back on request.
    pub value: String,
    pub definition: ApiKeyDefinition,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsagePlanRow {
    pub id: String,
    pub definition: UsagePlanDefinition,
}

/// A key is in a plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsagePlanKeyRow {
    pub usage_plan_id: String,
    pub key_id: String,
}

macro_rules! collection {
    ($row:ty, $name:literal, |$this:ident| $partition:expr, $key:expr) => {
        impl Collection for $row {
            const NAME: &'static str = $name;

            fn partition(&self) -> &str {
                let $this = self;
                $partition
            }

            fn key(&self) -> String {
                let $this = self;
                $key
            }
        }
    };
}

collection!(RestApiRow, "gateway_rest_api", |row| &row.id, row.id.clone());
collection!(ResourceRow, "gateway_resource", |row| &row.rest_api_id, row.id.clone());
collection!(
    ResourcePlaceRow,
    "gateway_resource_place",
    |row| &row.rest_api_id,
    place_key(&row.parent_id, &row.place)
);
collection!(
    MethodRow,
    "gateway_method",
    |row| &row.rest_api_id,
    method_key(&row.resource_id, &row.definition.http_method)
);
collection!(AuthorizerRow, "gateway_authorizer", |row| &row.rest_api_id, row.id.clone());
collection!(ModelRow, "gateway_model", |row| &row.rest_api_id, row.name.clone());
collection!(RequestValidatorRow, "gateway_request_validator", |row| &row.rest_api_id, row.id.clone());
collection!(
    GatewayResponseRow,
    "gateway_response",
    |row| &row.rest_api_id,
    row.definition.response_type.clone()
);
collection!(DeploymentRow, "gateway_deployment", |row| &row.rest_api_id, row.id.clone());
collection!(StageRow, "gateway_stage", |row| &row.rest_api_id, row.definition.stage_name.clone());
collection!(ApiKeyRow, "gateway_api_key", |_row| ACCOUNT, _row.id.clone());
collection!(UsagePlanRow, "gateway_usage_plan", |_row| ACCOUNT, _row.id.clone());
collection!(
    UsagePlanKeyRow,
    "gateway_usage_plan_key",
    |_row| ACCOUNT,
    usage_plan_key_key(&_row.usage_plan_id, &_row.key_id)
);

pub fn method_key(resource_id: &str, http_method: &str) -> String {
    format!("{resource_id}/{http_method}")
}

pub fn place_key(parent_id: &str, place: &str) -> String {
    format!("{parent_id}/{place}")
}

pub fn usage_plan_key_key(usage_plan_id: &str, key_id: &str) -> String {
    format!("{usage_plan_id}/{key_id}")
}
