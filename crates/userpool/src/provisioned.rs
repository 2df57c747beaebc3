//! Pools and app clients under ids that were decided on beforehand: how CloudFormation makes them, so that after a crash it
//! can tell whether it had. The ids have the shapes that the operations draw.

use base::AwsError;
use facts::cognito_idp::{CreateUserPool, CreateUserPoolClient};
use serde_json::Value;

use crate::{UserPools, ops::clients::create_user_pool_client, ops::pools::create_user_pool, raise::Raise};

impl UserPools {
    /// `CreateUserPool`, as `id`.
    pub async fn create_user_pool_as(&self, id: &str, input: Value) -> Result<Value, AwsError> {
        let input = facts::read::<CreateUserPool>(input).map_err(wire)?;
        let made = create_user_pool::create_user_pool_as(self.service(), id.to_owned(), input).await;
        Ok(facts::write::<CreateUserPool>(&made.map_err(Raise::into_aws)?))
    }

    /// `CreateUserPoolClient`, as `client_id`.
    pub async fn create_user_pool_client_as(&self, client_id: &str, input: Value) -> Result<Value, AwsError> {
        let input = facts::read::<CreateUserPoolClient>(input).map_err(wire)?;
        let made =
            create_user_pool_client::create_user_pool_client_as(self.service(), client_id.to_owned(), input)
                .await;
        Ok(facts::write::<CreateUserPoolClient>(&made.map_err(Raise::into_aws)?))
    }
}

fn wire(error: facts::WireError) -> AwsError {
    AwsError::with_status(error.status, error.code, error.message)
}
