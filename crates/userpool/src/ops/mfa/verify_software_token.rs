//! VerifySoftwareToken: a code of the fresh seed, so the app has it.

use base::Caller;
use crypto::totp;
use facts::cognito_idp::{VerifySoftwareTokenError, VerifySoftwareTokenRequest, VerifySoftwareTokenResponse};
use store::Batch;

use super::setup::{self, Owner};
use crate::{
    flows::lockout::{self, Told},
    raise::{
        CodeMismatchException, EnableSoftwareTokenMFAException, Raise, SoftwareTokenMFANotFoundException,
        not_authorized,
    },
    rows::sealed,
    service::Service,
};

/// Steps of 30 seconds that a clock may be off, either way.
const WINDOW: u8 = 1;

pub async fn verify_software_token(
    service: &Service,
    _caller: &Caller,
    input: VerifySoftwareTokenRequest,
) -> Result<VerifySoftwareTokenResponse, Raise<VerifySoftwareTokenError>> {
    let Owner { pool, user, session } =
        setup::owner(service, input.access_token.as_deref(), input.session.as_deref()).await?;
    let Some(pending) = &user.value.mfa.totp_pending_seed else {
        let message = String::from("Software token has not been associated with the user.");
        return Err(SoftwareTokenMFANotFoundException(message).into());
    };
    let key = lockout::key(&pool, &user.value.username_key);
    let attempts = lockout::read(&service.store, &pool, key).await?;
    let now = service.clock.now();
    if attempts.is_locked(now) {
        return Err(not_authorized("Password attempts exceeded"));
    }
    let seed = service.sealer.open(&sealed::totp_seed(pool.id(), &user.value.sub), pending)?;
    let Some(step) = totp::matched_step(seed.expose(), &input.user_code, now, WINDOW) else {
        return Err(match lockout::failed(service, &pool, &attempts.key, &Batch::new()).await? {
            Told::Wrong if input.session.is_some() => {
                EnableSoftwareTokenMFAException(String::from("Code mismatch")).into()
            }
            Told::Wrong => CodeMismatchException(String::from("Code mismatch")).into(),
            Told::Locked => not_authorized("Password attempts exceeded"),
        });
    };
    let mut after = user.value.clone();
    after.mfa.totp_seed = after.mfa.totp_pending_seed.take();
    after.mfa.totp_verified = true;
    // The code that proved it is spent.
    after.mfa.totp_last_step = i64::try_from(step).unwrap_or(i64::MAX);
    after.mfa.totp_device_name = input.friendly_device_name.filter(|name| !name.is_empty());
    if session.is_some() {
        // Whoever must have a factor to get in has this one from now on.
        after.mfa.totp_enabled = true;
        after.mfa.preferred.get_or_insert_with(|| String::from("SOFTWARE_TOKEN_MFA"));
    }
    after.modified_at = now;
    service.store.commit(attempts.cleared(Batch::new().replace(&user, &after))).await?;
    let session = match session {
        Some(session) => Some(session.satisfied(service)?),
        None => None,
    };
    Ok(VerifySoftwareTokenResponse { session, status: Some(String::from("SUCCESS")) })
}
