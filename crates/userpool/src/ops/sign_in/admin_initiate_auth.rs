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
