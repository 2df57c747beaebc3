//! `NEW_PASSWORD_REQUIRED`: a temporary password is replaced by one's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use store::{Batch, CommitError};

use crate::{
    attributes,
    flows::{Attempt, Challenge, Outcome, Session, Step, Turn, after_new_password},
    passwords,
    raise::{InvalidPasswordException, Raise, not_authorized},
    rows::{SpentSession, UserRow, UserStatus},
    users::aliases,
};

pub const NAME: &str = "NEW_PASSWORD_REQUIRED";
/// What answers write before an attribute's name.
const PREFIX: &str = "userAttributes.";

pub fn pose(attempt: &Attempt<'_>, user: &UserRow, given_name: &str) -> Outcome {
    let session = Session::new(attempt, NAME, user, given_name, Value::Null);
    let known: BTreeMap<&String, &String> =
        user.attributes.iter().filter(|(name, _)| *name != "sub").collect();
    let missing: Vec<String> = attributes::missing(attempt.pool, &user.attributes)
        .into_iter()
        .map(|name| format!("{PREFIX}{name}"))
        .collect();
    let parameters = [
        ("USER_ID_FOR_SRP", user.username.clone()),
        ("requiredAttributes", json!(missing).to_string()),
        ("userAttributes", json!(known).to_string()),
    ];
    Ok(Step::Challenge(Challenge {
        name: NAME.to_owned(),
        session: Some(attempt.seal(&session)?),
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }))
}

/// A password that the policy refuses leaves the session good for another try.
pub async fn answer(turn: Turn<'_>) -> Outcome {
    let Turn { attempt, session, user, .. } = &turn;
    let (service, pool) = (attempt.service, attempt.pool);
    let password = turn.required("NEW_PASSWORD")?.to_owned();
    if user.value.status != UserStatus::ForceChangePassword {
        return Err(not_authorized("Invalid session for the user."));
    }
    if let Some(complaint) = passwords::complaint(&pool.password_policy(), &password) {
        let message = format!("Password does not conform to policy: {complaint}");
        return Err(InvalidPasswordException(message).into());
    }
    passwords::was_used(service, pool, &user.value, &password).await?;
    let given: BTreeMap<String, String> = turn
        .responses
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value.clone())))
        .collect();
    let mut after = user.value.clone();
    attributes::write_by_client(pool, attempt.client, &mut after, &given)?;
    attributes::require_all(pool, &after.attributes)?;
    let kept = passwords::keep(service, pool, &after.username, &after.sub, &password).await?;
    passwords::set(service, pool, &mut after, kept);
    after.status = UserStatus::Confirmed;
    after.modified_at = attempt.now();

    let change = aliases::change(pool, Some(&user.value), Some(&after));
    if let Some(taken) = change.taken(&service.store).await? {
        return Err(taken.exception().into());
    }
    let batch = change.write(Batch::new().replace(user, &after).insert(&session.spent(pool)));
    match service.store.commit(batch).await {
        Ok(()) => {}
        Err(CommitError::Conflict(row)) if row.collection == <SpentSession as store::Collection>::NAME => {
            return Err(not_authorized("Invalid session for the user, session can only be used once."));
        }
        Err(other) => return Err(Raise::from(other)),
    }
    let changed = service.store.get::<UserRow>(pool.id(), &after.username_key).await?;
    let changed = changed.filter(|user| user.value.sub == after.sub && user.value.verifier == after.verifier);
    let changed = changed.ok_or_else(crate::flows::SignInError::invalid_session)?;
    after_new_password(attempt, changed, &session.given_name).await
}
