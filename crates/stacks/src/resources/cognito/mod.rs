//! Amazon Cognito user pools, on the `userpool` room.

mod schema_changes;
mod user_pool;
mod user_pool_client;
mod user_pool_domain;

use std::sync::Arc;

use serde_json::Value;
use userpool::UserPools;

use super::{Context, Failure, Registry};

pub const SERVICE: &str = "CognitoIdentityProvider";

pub fn register(registry: &mut Registry, userpools: &UserPools) {
    let cognito = Cognito(userpools.clone());
    registry.add(Arc::new(user_pool::UserPool { cognito: cognito.clone() }));
    registry.add(Arc::new(user_pool_client::UserPoolClient { cognito: cognito.clone() }));
    registry.add(Arc::new(user_pool_domain::UserPoolDomain { cognito }));
}

#[derive(Clone)]
pub struct Cognito(UserPools);

impl Cognito {
    async fn call(&self, context: &Context, operation: &str, input: Value) -> Result<Value, Failure> {
        let answer = self.0.call(operation, &context.caller(), input).await;
        answer.map_err(|error| Failure::from_aws(SERVICE, error))
    }
}

fn pool_arn(context: &Context, pool_id: &str) -> String {
    format!("arn:aws:cognito-idp:{}:{}:userpool/{pool_id}", context.region, context.account)
}
