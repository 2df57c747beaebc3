//! AdminInitiateAuth: a server, with credentials of its own, begins to sign someone in.

use base::Caller;
use facts::cognito_idp::{AdminInitiateAuthError, AdminInitiateAuthRequest, AdminInitiateAuthResponse};

use super::{
    answers::refused,
    opening::{self, Request},
};
use crate::{flows::DoorKind, raise::Raise, service::Service};

pub async fn admin_initiate_auth(
    service: &Service,
    caller: &Caller,
    input: AdminInitiateAuthRequest,
) -> Result<AdminInitiateAuthResponse, Raise<AdminInitiateAuthError>> {
    let (pool, client) = service.directory.client_of(&input.user_pool_id, &input.client_id).await?;
    let request = Request {
        door: DoorKind::Admin,
        source_ip: input.context_data.map_or_else(|| caller.source_ip.clone(), |context| context.ip_address),
        auth_flow: input.auth_flow,
        parameters: input.auth_parameters.unwrap_or_default(),
        client_metadata: input.client_metadata.unwrap_or_default(),
    };
    let step = opening::begin(service, &pool, &client, request).await.map_err(refused)?;
    Ok(step.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{PASSWORD, World};

    #[tokio::test]
    async fn a_server_signs_someone_in_at_its_own_pool() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        let (other, _) = world.plain().await;
        world.join(&client, "anna").await;
        let input = |pool: &str, flow: &str, password: &str| {
            json!({
                "UserPoolId": pool, "ClientId": client, "AuthFlow": flow,
                "AuthParameters": { "USERNAME": "anna", "PASSWORD": password },
            })
        };
        for flow in ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"] {
            let answer = world.ok("AdminInitiateAuth", input(&pool, flow, PASSWORD)).await;
            assert!(answer["AuthenticationResult"]["AccessToken"].is_string());
        }
        assert_eq!(
            world.refused("AdminInitiateAuth", input(&pool, "ADMIN_USER_PASSWORD_AUTH", "wrong")).await,
            "NotAuthorizedException: Incorrect username or password."
        );
        assert_eq!(
            world.refused("AdminInitiateAuth", input(&other, "ADMIN_USER_PASSWORD_AUTH", PASSWORD)).await,
            format!("ResourceNotFoundException: User pool client {client} does not exist.")
        );
    }
}
