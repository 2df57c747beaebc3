//! For someone who is not here: perhaps the function knows them from where they were before.

use std::collections::BTreeMap;

use base::Secret;
use serde_json::{Map, Value, json};
use store::{Batch, CommitError, Versioned};

use super::{Event, call};
use crate::{
    flows::{Attempt, SignInError},
    passwords,
    raise::{InvalidLambdaResponseException, Raise},
    rows::{UserRow, UserStatus},
    users,
};

/// What the function says of someone who is not here.
pub enum Migration {
    /// The pool has no such function.
    None,
    /// It does not know them, or not with this password.
    Refused,
    /// They are here now.
    Done(Box<Versioned<UserRow>>),
}

/// `UserMigration_Authentication`: makes the user that the function describes, with the password that was shown.
pub async fn authenticate(
    attempt: &Attempt<'_>,
    name: &str,
    password: &Secret<String>,
) -> Result<Migration, Raise<SignInError>> {
    let (service, pool) = (attempt.service, attempt.pool);
    let config = pool.pool.lambda_config.as_ref();
    let Some(function) = config.and_then(|config| config.user_migration.as_deref()) else {
        return Ok(Migration::None);
    };
    let event = Event {
        trigger: "UserMigration",
        function,
        source: "UserMigration_Authentication",
        version: "1",
        username: name,
        client_id: attempt.client.id(),
        request: json!({
            "password": password.expose(),
            "validationData": attempt.door.client_metadata,
            "clientMetadata": attempt.door.client_metadata,
        }),
        response: json!({
            "userAttributes": null,
            "forceAliasCreation": null,
            "finalUserStatus": null,
            "messageAction": null,
            "desiredDeliveryMediums": null,
        }),
    };
    let response = match call(service, pool, event).await {
        Ok(response) => response,
        // That the function said no tells no more than a wrong password does.
        Err(super::TriggerFailed::Refused(_)) => return Ok(Migration::Refused),
        Err(other) => return Err(other.into()),
    };
    let Some(attributes) = response.get("userAttributes").and_then(Value::as_object) else {
        return Ok(Migration::Refused);
    };
    let mut user = described(attempt, name, attributes, &response)?;
    let kept = passwords::keep(service, pool, &user.username, &user.sub, password.expose()).await?;
    passwords::set(service, pool, &mut user, kept);
    let change = users::aliases::change(pool, None, Some(&user));
    let batch = change.write(Batch::new().insert(&user));
    match service.store.commit(batch).await {
        // Someone else made them meanwhile, or holds the address: go on with who is there.
        Ok(()) | Err(CommitError::Conflict(_)) => {}
        Err(other) => return Err(other.into()),
    }
    let made = users::find(&service.store, pool, name).await?;
    Ok(made.map_or(Migration::Refused, |user| Migration::Done(Box::new(user))))
}

fn described(
    attempt: &Attempt<'_>,
    name: &str,
    attributes: &Map<String, Value>,
    response: &Map<String, Value>,
) -> Result<UserRow, Raise<SignInError>> {
    let given: BTreeMap<String, String> = attributes
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "sub" | "username"))
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let naming = users::name(attempt.pool, attempt.service.rng.as_ref(), name)?;
    let mut user = naming.into_user(attempt.pool, attempt.now());
    crate::attributes::write_by_admin(attempt.pool, &mut user, &given).map_err(
        |error: Raise<SignInError>| match error {
            Raise::Aws(_) => {
                InvalidLambdaResponseException(String::from("Unrecognizable lambda output")).into()
            }
            other => other,
        },
    )?;
    user.status = match response.get("finalUserStatus").and_then(Value::as_str) {
        Some("CONFIRMED") => UserStatus::Confirmed,
        _ => UserStatus::ResetRequired,
    };
    Ok(user)
}
