//! What an API is made of, as CloudFormation's `AWS::ApiGateway::*` resource types spell it: the control side takes
//! these, the store keeps them, a deployment copies them. Words for `true` and `12` are read as well as JSON's own,
//! because CloudFormation sends both.

pub mod access;
pub mod api;
pub mod lenient;
pub mod method;
pub mod stage;

pub use access::{ApiKeyDefinition, AuthorizerDefinition, AuthorizerKind, UsagePlanDefinition};
pub use api::{
    EndpointConfiguration, GatewayResponseDefinition, ModelDefinition, RequestValidatorDefinition,
    RestApiDefinition, Tag,
};
pub use method::{
    IntegrationDefinition, IntegrationKind, IntegrationResponse, MethodDefinition, MethodResponse,
};
pub use stage::{AccessLogSetting, MethodSetting, StageDefinition};
