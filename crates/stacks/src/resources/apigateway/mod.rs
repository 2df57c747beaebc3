//! Amazon API Gateway's REST APIs, on the `gateway` room. Its definitions have the properties' names.

mod account;
mod api_key;
mod authorizer;
mod deployment;
mod gateway_response;
mod method;
mod model;
mod request_validator;
mod resource;
mod rest_api;
mod stage;
mod usage_plan;
mod usage_plan_key;

use std::sync::Arc;

use base::{AwsError, ids::LOWER_ALPHANUMERIC};
use gateway::Gateway;

use super::{Context, Deed, Failure, Form, Naming, Permit, Registry};

pub const SERVICE: &str = "ApiGateway";

pub fn register(registry: &mut Registry, gateway: &Gateway) {
    registry.add(Arc::new(account::Account));
    registry.add(Arc::new(api_key::ApiKey { gateway: gateway.clone() }));
    registry.add(Arc::new(authorizer::Authorizer { gateway: gateway.clone() }));
    registry.add(Arc::new(deployment::Deployment { gateway: gateway.clone() }));
    registry.add(Arc::new(gateway_response::GatewayResponse { gateway: gateway.clone() }));
    registry.add(Arc::new(method::Method { gateway: gateway.clone() }));
    registry.add(Arc::new(model::Model { gateway: gateway.clone() }));
    registry.add(Arc::new(request_validator::RequestValidator { gateway: gateway.clone() }));
    registry.add(Arc::new(resource::Resource { gateway: gateway.clone() }));
    registry.add(Arc::new(rest_api::RestApi { gateway: gateway.clone() }));
    registry.add(Arc::new(stage::Stage { gateway: gateway.clone() }));
    registry.add(Arc::new(usage_plan::UsagePlan { gateway: gateway.clone() }));
    registry.add(Arc::new(usage_plan_key::UsagePlanKey { gateway: gateway.clone() }));
}

fn failed(error: AwsError) -> Failure {
    Failure::from_aws(SERVICE, error)
}

/// Ids of resources, authorizers, deployments, …
const SHORT_ID: Naming =
    Naming { property: None, form: Form::Id { alphabet: LOWER_ALPHANUMERIC, length: 6 } };
/// Ids of APIs and keys.
const LONG_ID: Naming = Naming {
    property: None,
    form: Form::Id { alphabet: LOWER_ALPHANUMERIC, length: base::ids::API_ID_LENGTH },
};

/// API Gateway's actions are HTTP's methods, its resources the paths of its own API (AWS Service Authorization Reference).
fn permit(deed: Deed, context: &Context, collection: &str, own: &str) -> Vec<Permit> {
    let (action, path) = match deed {
        Deed::Create => ("apigateway:POST", collection.to_owned()),
        Deed::Update => ("apigateway:PATCH", format!("{collection}/{own}")),
        Deed::Delete => ("apigateway:DELETE", format!("{collection}/{own}")),
    };
    vec![Permit::new(action, format!("arn:aws:apigateway:{}::{path}", context.region))]
}
