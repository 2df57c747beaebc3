//! `SOFTWARE_TOKEN_MFA`: a code from an authenticator app.

use std::collections::BTreeMap;

use crypto::totp;
use serde_json::Value;
use store::Batch;

use super::mfa;
use crate::{
    flows::{Attempt, Challenge, Outcome, Proof, Session, Step, Turn, finish, lockout},
    raise::{ExpiredCodeException, Raise, SoftwareTokenMFANotFoundException},
    rows::{UserRow, sealed},
};

pub const NAME: &str = "SOFTWARE_TOKEN_MFA";
/// Steps of 30 seconds that a clock may be off, either way.
pub const WINDOW: u8 = 1;

pub fn pose(attempt: &Attempt<'_>, user: &UserRow, given_name: &str) -> Outcome {
    let session = Session::new(attempt, NAME, user, given_name, Value::Null);
    let mut parameters = BTreeMap::from([(String::from("USER_ID_FOR_SRP"), user.username.clone())]);
    if let Some(device) = &user.mfa.totp_device_name {
        parameters.insert(String::from("FRIENDLY_DEVICE_NAME"), device.clone());
    }
    Ok(Step::Challenge(Challenge {
        name: NAME.to_owned(),
        session: Some(attempt.seal(&session)?),
        parameters,
    }))
}

/// A wrong code leaves the session good for another try, and counts towards lockout. A right one is spent: its step and
/// all before it.
pub async fn answer(turn: Turn<'_>) -> Outcome {
    let code = turn.required("SOFTWARE_TOKEN_MFA_CODE")?.to_owned();
    let Turn { attempt, session, user, .. } = turn;
    let service = attempt.service;
    let key = lockout::key(attempt.pool, &user.value.username_key);
    let attempts = lockout::read(&service.store, attempt.pool, key).await?;
    Proof::check_lock(&attempts, attempt.now())?;
    let Some(seed) = &user.value.mfa.totp_seed else {
        let message = String::from("Software token MFA has not been enabled for the user.");
        return Err(SoftwareTokenMFANotFoundException(message).into());
    };
    let seed = service.sealer.open(&sealed::totp_seed(attempt.pool.id(), &user.value.sub), seed)?;
    let step = totp::matched_step(seed.expose(), &code, attempt.now(), WINDOW);
    let Some(step) = step.and_then(|step| i64::try_from(step).ok()) else {
        return Err(mfa::refuse_code(attempt, &user.value).await);
    };
    if step <= user.value.mfa.totp_last_step {
        let message = String::from("Your software token has already been used once.");
        return Err(ExpiredCodeException(message).into());
    }
    let mut after = user.value.clone();
    after.mfa.totp_last_step = step;
    // The step first: a code that was used is used, whatever comes after.
    let spent = Batch::new().replace(&user, &after).insert(&session.spent(attempt.pool));
    let spent = attempts.cleared(spent);
    service.store.commit(spent).await.map_err(|error| match error {
        store::CommitError::Conflict(_) => {
            crate::raise::not_authorized("Invalid session for the user, session can only be used once.")
        }
        other => Raise::from(other),
    })?;
    let user = service.store.get::<UserRow>(attempt.pool.id(), &after.username_key).await?;
    let user = user.filter(|user| user.value.sub == after.sub && user.value.mfa.totp_last_step == step);
    let user = user.ok_or_else(crate::flows::SignInError::invalid_session)?;
    finish(attempt, Proof { user, attempts: None, spent: None }).await
}
