//! One stage of one API, ready to serve. Nothing in it changes but counters and buckets.

use std::collections::BTreeMap;

use iam::policy::Policy;

use super::{CompiledMethod, Router};
use crate::{
    payload::{bodies::BinaryMediaTypes, template::ContextTemplate},
    responses::GatewayResponses,
};

#[derive(Debug)]
pub struct CompiledStage {
    pub api_id: String,
    pub stage: String,
    pub deployment_id: String,
    pub account: String,
    /// `arn:aws:execute-api:<region>:<account>:<api>/<stage>`.
    pub arn: String,
    pub router: Router<CompiledMethod>,
    pub responses: GatewayResponses,
    pub variables: BTreeMap<String, String>,
    pub binary_media_types: BinaryMediaTypes,
    pub minimum_compression_size: Option<u32>,
    pub api_key_source: ApiKeySource,
    /// `DisableExecuteApiEndpoint`: the API may not be called by its own address.
    pub endpoint_disabled: bool,
    /// The API's resource policy.
    pub policy: Option<Policy>,
    pub access_log: Option<ContextTemplate>,
    pub access_log_destination: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApiKeySource {
    #[default]
    Header,
    Authorizer,
}
