//! RespondToAuthChallenge: the answer to what InitiateAuth, or the answer before, was answered with.

use base::Caller;
use facts::cognito_idp::{
    RespondToAuthChallengeError, RespondToAuthChallengeRequest, RespondToAuthChallengeResponse,
};

use super::answers::refused;
use crate::{
    flows::{Answer, Door, DoorKind},
    raise::Raise,
    service::Service,
};

pub async fn respond_to_auth_challenge(
    service: &Service,
    caller: &Caller,
    input: RespondToAuthChallengeRequest,
) -> Result<RespondToAuthChallengeResponse, Raise<RespondToAuthChallengeError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    let mut responses = input.challenge_responses.unwrap_or_default();
    let door = Door {
        kind: DoorKind::Api,
        source_ip: caller.source_ip.clone(),
        client_metadata: input.client_metadata.unwrap_or_default(),
        secret_hash: responses.remove("SECRET_HASH"),
    };
    let answer = Answer { challenge: input.challenge_name, session: input.session, responses };
    let step = service.answer_challenge(&door, &pool, &client, answer).await.map_err(refused)?;
    Ok(step.into())
}
