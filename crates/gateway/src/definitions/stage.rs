//! A stage: a name under which one deployment is served, and the settings of that service.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Tag, lenient};

/// `AWS::ApiGateway::Stage`, without the ids of its API; also what `AWS::ApiGateway::Deployment` says of the stage it
/// makes (`StageName`, `StageDescription`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct StageDefinition {
    /// Letters, digits, `-` and `_`, at most 128.
    pub stage_name: String,
    pub deployment_id: String,
    pub description: Option<String>,
    #[serde(deserialize_with = "lenient::text_map")]
    pub variables: BTreeMap<String, String>,
    pub method_settings: Vec<MethodSetting>,
    pub access_log_setting: Option<AccessLogSetting>,
    #[serde(deserialize_with = "lenient::bool")]
    pub tracing_enabled: bool,
    #[serde(deserialize_with = "lenient::bool")]
    pub cache_cluster_enabled: bool,
    pub documentation_version: Option<String>,
    pub tags: Vec<Tag>,
}

/// Settings of the methods that `ResourcePath` and `HttpMethod` mean (`/*` and `*`: all of them).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct MethodSetting {
    /// `/~1users~1{id}` for `/users/{id}`, `/*` for all.
    pub resource_path: Option<String>,
    pub http_method: Option<String>,
    #[serde(deserialize_with = "lenient::optional_number")]
    pub throttling_burst_limit: Option<u32>,
    /// Requests a second.
    #[serde(deserialize_with = "lenient::optional_number")]
    pub throttling_rate_limit: Option<f64>,
    pub logging_level: Option<String>,
    #[serde(deserialize_with = "lenient::optional_bool")]
    pub data_trace_enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::optional_bool")]
    pub metrics_enabled: Option<bool>,
    #[serde(deserialize_with = "lenient::optional_bool")]
    pub caching_enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct AccessLogSetting {
    pub destination_arn: Option<String>,
    /// Text with `$context.…` in it.
    pub format: Option<String>,
}
