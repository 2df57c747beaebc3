//! Who may call: authorizers, API keys and usage plans.

use serde::{Deserialize, Serialize};

use super::lenient;

/// `AWS::ApiGateway::Authorizer`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AuthorizerDefinition {
    pub name: String,
    #[serde(rename = "Type")]
    pub kind: AuthorizerKind,
    pub auth_type: Option<String>,
    /// User pools' ARNs; a token of any of them will do.
    #[serde(rename = "ProviderARNs")]
    pub provider_arns: Vec<String>,
    pub authorizer_uri: Option<String>,
    pub authorizer_credentials: Option<String>,
    /// `method.request.header.Authorization`; several, joined by commas, for `REQUEST`.
    pub identity_source: Option<String>,
    /// A regular expression that the whole token (`TOKEN`) or its audience (`COGNITO_USER_POOLS`) must match.
    pub identity_validation_expression: Option<String>,
    /// How long an answer is kept: 0 to 3,600 seconds, 300 where it is not given.
    #[serde(deserialize_with = "lenient::optional_number")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizerKind {
    #[default]
    CognitoUserPools,
    Token,
    Request,
}

/// `AWS::ApiGateway::ApiKey`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ApiKeyDefinition {
    pub name: Option<String>,
    pub description: Option<String>,
    pub customer_id: Option<String>,
    #[serde(deserialize_with = "lenient::bool")]
    pub enabled: bool,
    /// 20 to 128 characters; drawn where it is missing.
    pub value: Option<String>,
}

/// `AWS::ApiGateway::UsagePlan`: which stages its keys open, and how fast.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UsagePlanDefinition {
    pub usage_plan_name: Option<String>,
    pub description: Option<String>,
    pub api_stages: Vec<ApiStage>,
    pub quota: Option<Quota>,
    pub throttle: Option<Throttle>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ApiStage {
    pub api_id: String,
    pub stage: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Quota {
    #[serde(deserialize_with = "lenient::optional_number")]
    pub limit: Option<u64>,
    #[serde(deserialize_with = "lenient::optional_number")]
    pub offset: Option<u64>,
    /// `DAY`, `WEEK` or `MONTH`.
    pub period: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Throttle {
    #[serde(deserialize_with = "lenient::optional_number")]
    pub burst_limit: Option<u32>,
    /// Requests a second.
    #[serde(deserialize_with = "lenient::optional_number")]
    pub rate_limit: Option<f64>,
}
