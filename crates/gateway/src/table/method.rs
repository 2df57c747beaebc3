//! One method, ready to serve.

use std::sync::Arc;

use crate::{
    authorizers::{cognito::CognitoAuthorizer, lambda::LambdaAuthorizer},
    integrations::{Target, mapped::MappedIntegration},
    metrics::MethodCounters,
    models::BodyModel,
    phases::{throttle::Bucket, validate::RequiredParameter},
};

#[derive(Debug)]
pub struct CompiledMethod {
    pub resource_id: String,
    /// `/users/{id}`.
    pub resource_path: String,
    pub operation_name: Option<String>,
    pub authorization: Authorization,
    pub api_key_required: bool,
    pub required_parameters: Vec<RequiredParameter>,
    /// By content type; empty where bodies are not validated.
    pub body_models: Vec<(String, Arc<BodyModel>)>,
    pub integration: Integration,
    pub throttle: Option<Arc<Bucket>>,
    pub counters: Arc<MethodCounters>,
}

#[derive(Debug)]
pub enum Authorization {
    Open,
    Iam,
    Cognito {
        authorizer: Arc<CognitoAuthorizer>,
        scopes: Vec<String>,
    },
    Lambda(Arc<LambdaAuthorizer>),
    /// What guards the method cannot be asked: nobody passes.
    Broken(String),
}

#[derive(Debug)]
pub enum Integration {
    LambdaProxy(Target),
    Lambda {
        target: Target,
        mapping: MappedIntegration,
        wait: bool,
    },
    Mock(MappedIntegration),
    /// Deployed, but cannot be served: an unknown stage variable, say.
    Broken(String),
}
