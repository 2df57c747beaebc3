//! AdminRespondToAuthChallenge: as RespondToAuthChallenge, by a server with credentials of its own.

use base::Caller;
use facts::cognito_idp::{
    AdminRespondToAuthChallengeError, AdminRespondToAuthChallengeRequest, AdminRespondToAuthChallengeResponse,
};

use super::answers::refused;
use crate::{
    flows::{Answer, Door, DoorKind},
    raise::Raise,
    service::Service,
};

pub async fn admin_respond_to_auth_challenge(
    service: &Service,
    caller: &Caller,
    input: AdminRespondToAuthChallengeRequest,
) -> Result<AdminRespondToAuthChallengeResponse, Raise<AdminRespondToAuthChallengeError>> {
    let (pool, client) = service.directory.client_of(&input.user_pool_id, &input.client_id).await?;
    let mut responses = input.challenge_responses.unwrap_or_default();
    let door = Door {
        kind: DoorKind::Admin,
        source_ip: input.context_data.map_or_else(|| caller.source_ip.clone(), |context| context.ip_address),
        client_metadata: input.client_metadata.unwrap_or_default(),
        secret_hash: responses.remove("SECRET_HASH"),
    };
    let answer = Answer { challenge: input.challenge_name, session: input.session, responses };
    let step = service.answer_challenge(&door, &pool, &client, answer).await.map_err(refused)?;
    Ok(step.into())
}
