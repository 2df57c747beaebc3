//! AWS Lambda, on the `functions` room.

mod alias;
mod event_invoke_config;
mod function;
mod permission;
mod version;

use std::sync::Arc;

use functions::Functions;
use serde_json::Value;

use super::{Context, Failure, Registry};

pub const SERVICE: &str = "Lambda";

pub fn register(registry: &mut Registry, functions: &Functions) {
    let lambda = Lambda(functions.clone());
    registry.add(Arc::new(alias::Alias { lambda: lambda.clone() }));
    registry.add(Arc::new(event_invoke_config::EventInvokeConfig { lambda: lambda.clone() }));
    registry.add(Arc::new(function::Function { lambda: lambda.clone() }));
    registry.add(Arc::new(permission::Permission { lambda: lambda.clone() }));
    registry.add(Arc::new(version::Version { lambda }));
}

#[derive(Clone)]
pub struct Lambda(Functions);

impl Lambda {
    async fn call(&self, context: &Context, operation: &str, input: Value) -> Result<Value, Failure> {
        let answer = self.0.call(operation, &context.caller(), input).await;
        answer.map_err(|error| Failure::from_aws(SERVICE, error))
    }
}

/// The ARN of a function that a property names: by name, by ARN, with or without a version.
fn function_arn(context: &Context, named: &str) -> String {
    if named.starts_with("arn:") {
        return named.to_owned();
    }
    let name = named.rsplit_once("function:").map_or(named, |(_, name)| name);
    format!("arn:aws:lambda:{}:{}:function:{name}", context.region, context.account)
}
