//! InitiateAuth: an app begins to sign someone in.

use base::Caller;
use facts::cognito_idp::{InitiateAuthError, InitiateAuthRequest, InitiateAuthResponse};

use super::{
    answers::refused,
    opening::{self, Request},
};
use crate::{flows::DoorKind, raise::Raise, service::Service};

pub async fn initiate_auth(
    service: &Service,
    caller: &Caller,
    input: InitiateAuthRequest,
) -> Result<InitiateAuthResponse, Raise<InitiateAuthError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    let request = Request {
        door: DoorKind::Api,
        source_ip: caller.source_ip.clone(),
        auth_flow: input.auth_flow,
        parameters: input.auth_parameters.unwrap_or_default(),
        client_metadata: input.client_metadata.unwrap_or_default(),
    };
    let step = opening::begin(service, &pool, &client, request).await.map_err(refused)?;
    Ok(step.into())
}
