//! AssociateSoftwareToken: a fresh seed for an authenticator app, by someone signed in, or by someone whose sign-in waits
//! for it (`MFA_SETUP`).

use base::{Caller, Secret};
use crypto::totp;
use facts::cognito_idp::{
    AssociateSoftwareTokenError, AssociateSoftwareTokenRequest, AssociateSoftwareTokenResponse,
};
use ports::RngExt;
use store::Batch;

use super::setup::{self, Owner};
use crate::{
    raise::{ConcurrentModificationException, Raise},
    rows::sealed,
    service::Service,
};

/// The seed is kept, unverified and not in use, until a code of it was shown.
pub async fn associate_software_token(
    service: &Service,
    _caller: &Caller,
    input: AssociateSoftwareTokenRequest,
) -> Result<AssociateSoftwareTokenResponse, Raise<AssociateSoftwareTokenError>> {
    let Owner { pool, user, session } =
        setup::owner(service, input.access_token.as_deref(), input.session.as_deref()).await?;
    let seed = Secret::new(service.rng.bytes::<{ totp::SEED_BYTES }>().to_vec());
    let mut after = user.value.clone();
    let name = sealed::totp_seed(pool.id(), &after.sub);
    after.mfa.totp_pending_seed = Some(service.sealer.seal(&name, seed.expose())?);
    service.store.commit(Batch::new().replace(&user, &after)).await.map_err(|error| match error {
        store::CommitError::Conflict(_) => {
            ConcurrentModificationException(String::from("The user was changed meanwhile, please try again."))
                .into()
        }
        other => Raise::from(other),
    })?;
    let session = match session {
        Some(session) => Some(session.again(service)?),
        None => None,
    };
    Ok(AssociateSoftwareTokenResponse { secret_code: Some(totp::seed_base32(seed.expose())), session })
}
