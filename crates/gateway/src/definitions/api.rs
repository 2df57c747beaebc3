//! The API itself and what hangs directly on it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lenient;

/// `AWS::ApiGateway::RestApi`. `Body`, `BodyS3Location` and `CloneFrom` (imported definitions) are not supported and
/// are refused where they are given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RestApiDefinition {
    pub name: String,
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub version: Option<String>,
    /// `HEADER` (`x-api-key`, the default) or `AUTHORIZER`.
    pub api_key_source_type: Option<String>,
    /// `image/png`, `image/*`, `*/*`; CloudFormation may write `~1` for `/`.
    pub binary_media_types: Vec<String>,
    /// Bytes from which on answers are compressed; none: never. 0 to 10,485,760.
    #[serde(deserialize_with = "lenient::optional_number")]
    pub minimum_compression_size: Option<u32>,
    pub endpoint_configuration: Option<EndpointConfiguration>,
    #[serde(deserialize_with = "lenient::optional_document")]
    pub policy: Option<Value>,
    #[serde(deserialize_with = "lenient::bool")]
    pub disable_execute_api_endpoint: bool,
    pub tags: Vec<Tag>,
    pub body: Option<Value>,
    pub body_s3_location: Option<Value>,
    pub clone_from: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct EndpointConfiguration {
    /// `EDGE`, `REGIONAL` or `PRIVATE`. All three are served alike; `PRIVATE` is refused, because it promises a network
    /// boundary that is not here.
    pub types: Vec<String>,
    pub vpc_endpoint_ids: Vec<String>,
    pub ip_address_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Tag {
    pub key: String,
    #[serde(deserialize_with = "lenient::text")]
    pub value: String,
}

/// `AWS::ApiGateway::Model`: a JSON schema, draft 4.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ModelDefinition {
    /// Letters and digits; drawn where it is missing.
    pub name: Option<String>,
    pub description: Option<String>,
    pub content_type: Option<String>,
    #[serde(deserialize_with = "lenient::optional_document")]
    pub schema: Option<Value>,
}

/// `AWS::ApiGateway::RequestValidator`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RequestValidatorDefinition {
    pub name: Option<String>,
    #[serde(deserialize_with = "lenient::bool")]
    pub validate_request_body: bool,
    #[serde(deserialize_with = "lenient::bool")]
    pub validate_request_parameters: bool,
}

/// `AWS::ApiGateway::GatewayResponse`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GatewayResponseDefinition {
    /// `UNAUTHORIZED`, `DEFAULT_4XX`, …
    pub response_type: String,
    #[serde(deserialize_with = "lenient::optional_text")]
    pub status_code: Option<String>,
    /// `gatewayresponse.header.Access-Control-Allow-Origin` → `'*'`.
    #[serde(deserialize_with = "lenient::text_map")]
    pub response_parameters: BTreeMap<String, String>,
    #[serde(deserialize_with = "lenient::text_map")]
    pub response_templates: BTreeMap<String, String>,
}
