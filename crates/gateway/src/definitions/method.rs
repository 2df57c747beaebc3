//! A method: what a caller must bring, where the request goes, and what comes back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::lenient;

/// `AWS::ApiGateway::Method`, without the ids of its API and resource.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MethodDefinition {
    /// `GET`, `POST`, …, or `ANY`.
    pub http_method: String,
    /// `NONE`, `AWS_IAM`, `CUSTOM` or `COGNITO_USER_POOLS`.
    pub authorization_type: Option<String>,
    pub authorizer_id: Option<String>,
    pub authorization_scopes: Vec<String>,
    #[serde(deserialize_with = "lenient::bool")]
    pub api_key_required: bool,
    pub request_validator_id: Option<String>,
    pub operation_name: Option<String>,
    /// `method.request.querystring.page` → whether it is required.
    #[serde(deserialize_with = "lenient::flags")]
    pub request_parameters: BTreeMap<String, bool>,
    /// Content type → a model's name.
    pub request_models: BTreeMap<String, String>,
    pub method_responses: Vec<MethodResponse>,
    pub integration: Option<IntegrationDefinition>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MethodResponse {
    #[serde(deserialize_with = "lenient::text")]
    pub status_code: String,
    #[serde(deserialize_with = "lenient::flags")]
    pub response_parameters: BTreeMap<String, bool>,
    pub response_models: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IntegrationDefinition {
    #[serde(rename = "Type")]
    pub kind: IntegrationKind,
    pub integration_http_method: Option<String>,
    /// `arn:aws:apigateway:<region>:lambda:path/2015-03-31/functions/<function arn>/invocations`.
    pub uri: Option<String>,
    pub connection_type: Option<String>,
    pub connection_id: Option<String>,
    pub credentials: Option<String>,
    /// `integration.request.header.X-Amz-Invocation-Type` → `'Event'` or `method.request.…`.
    #[serde(deserialize_with = "lenient::text_map")]
    pub request_parameters: BTreeMap<String, String>,
    /// Content type → mapping template.
    #[serde(deserialize_with = "lenient::text_map")]
    pub request_templates: BTreeMap<String, String>,
    /// `WHEN_NO_MATCH` (the default), `WHEN_NO_TEMPLATES` or `NEVER`.
    pub passthrough_behavior: Option<String>,
    /// `CONVERT_TO_TEXT` or `CONVERT_TO_BINARY`.
    pub content_handling: Option<String>,
    /// 50 to 29,000.
    #[serde(deserialize_with = "lenient::optional_number")]
    pub timeout_in_millis: Option<u32>,
    pub cache_namespace: Option<String>,
    pub cache_key_parameters: Vec<String>,
    pub integration_responses: Vec<IntegrationResponse>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IntegrationKind {
    /// The whole request to a function, its answer as the response.
    AwsProxy,
    /// A function called through mapping templates.
    Aws,
    /// No backend: the request template chooses the response.
    #[default]
    Mock,
    Http,
    HttpProxy,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct IntegrationResponse {
    #[serde(deserialize_with = "lenient::text")]
    pub status_code: String,
    /// A regular expression over the function's `errorMessage` (AWS) or the mock's status; none: the default.
    pub selection_pattern: Option<String>,
    /// `method.response.header.Access-Control-Allow-Origin` → `'*'` or `integration.response.…`.
    #[serde(deserialize_with = "lenient::text_map")]
    pub response_parameters: BTreeMap<String, String>,
    #[serde(deserialize_with = "lenient::text_map")]
    pub response_templates: BTreeMap<String, String>,
    pub content_handling: Option<String>,
}
