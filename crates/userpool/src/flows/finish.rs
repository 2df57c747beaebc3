//! Signed in.

use ports::RngExt;
use store::Batch;

use super::{Attempt, DoorKind, Outcome, Proof, SignedIn, Step};
use crate::{
    tokens::{self, Grant, Occasion, USER_ADMIN_SCOPE},
    triggers::post_authentication,
};

/// Commits the last step. At an API door the family of the new tokens is in that commit, and the signatures are worked
/// out while it is written: nothing is handed out unless it was committed.
pub async fn finish(attempt: &Attempt<'_>, proof: Proof) -> Outcome {
    let service = attempt.service;
    let now = attempt.now();
    post_authentication::tell(attempt, &proof.user.value).await?;
    if attempt.door.kind == DoorKind::Hosted {
        let user = proof.settle(attempt, &Batch::new()).await?.value;
        return Ok(Step::SignedIn(SignedIn {
            user_pool_id: user.user_pool_id,
            username: user.username,
            username_key: user.username_key,
            sub: user.sub,
            at: now,
        }));
    }
    let grant = Grant {
        origin_jti: service.rng.uuid(),
        signed_in_at: now,
        scopes: vec![USER_ADMIN_SCOPE.to_owned()],
        nonce: None,
        oauth: false,
        event_id: service.rng.uuid(),
    };
    let occasion = Occasion {
        pool: attempt.pool,
        client: attempt.client,
        user: &proof.user.value,
        grant,
        trigger_source: "TokenGeneration_Authentication",
        client_metadata: &attempt.door.client_metadata,
        family: None,
        with_refresh_token: true,
    };
    let prepared = tokens::prepare(service, occasion).await?;
    let family = Batch::new().insert(&prepared.family);
    let (_, issued) = tokio::try_join!(proof.settle(attempt, &family), prepared.sign(service, attempt.pool))?;
    Ok(Step::Tokens(issued))
}
