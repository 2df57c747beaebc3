//! AdminCreateUser: an administrator invites someone, who signs in with a temporary password and chooses their own.

use std::{collections::BTreeMap, sync::Arc};

use base::Caller;
use facts::cognito_idp::{AdminCreateUserError, AdminCreateUserRequest, AdminCreateUserResponse, UserType};
use store::{Batch, CommitError, Versioned};

use super::{invitation, named};
use crate::{
    attributes,
    directory::Pool,
    messages::{self, Composed, Occasion},
    passwords,
    raise::{
        InvalidPasswordException, Raise, UnsupportedUserStateException, UsernameExistsException, invalid,
    },
    rows::{UserRow, UserStatus},
    service::Service,
    triggers::pre_sign_up,
    users::{self, aliases},
};

type Failure = Raise<AdminCreateUserError>;

pub async fn admin_create_user(
    service: &Service,
    _caller: &Caller,
    input: AdminCreateUserRequest,
) -> Result<AdminCreateUserResponse, Failure> {
    match input.message_action.as_deref() {
        Some("RESEND") => invite_again(service, input).await,
        _ => create(service, input).await,
    }
}

/// Writes the user, the names they may be found by and the invitation, together.
async fn create(
    service: &Service,
    input: AdminCreateUserRequest,
) -> Result<AdminCreateUserResponse, Failure> {
    let pool = service.directory.pool::<AdminCreateUserError>(&input.user_pool_id).await?;
    let naming = users::name(&pool, service.rng.as_ref(), &input.username)?;
    let implied = naming.implied.clone();
    let mut user = naming.into_user(&pool, service.clock.now());
    user.status = UserStatus::ForceChangePassword;
    let mut given = attributes::given(input.user_attributes.as_deref());
    if let Some((attribute, value)) = &implied
        && given.remove(*attribute).is_some_and(|other| other != *value)
    {
        return Err(invalid(format!("Attribute value for {attribute} must not conflict with the username.")));
    }
    attributes::write_by_admin(&pool, &mut user, &given)?;
    let change = aliases::change(&pool, None, Some(&user));
    if service.store.get::<UserRow>(pool.id(), &user.username_key).await?.is_some() {
        return Err(UsernameExistsException(String::from("User account already exists")).into());
    }
    let taken = change.taken(&service.store).await?;
    let force = input.force_alias_creation.unwrap_or(false);
    if let Some(taken) = taken.as_ref().filter(|_| !force) {
        return Err(UsernameExistsException(taken.username_exists()).into());
    }
    let metadata = input.client_metadata.clone().unwrap_or_default();
    let validation_data = attributes::given(input.validation_data.as_deref());
    let asked = pre_sign_up::Asked {
        source: "PreSignUp_AdminCreateUser",
        username: &user.username,
        client_id: "CLIENT_ID_NOT_APPLICABLE",
        attributes: &user.attributes,
        validation_data: &validation_data,
        client_metadata: &metadata,
    };
    pre_sign_up::ask(service, &pool, asked).await?;
    let password = set_temporary(service, &pool, &mut user, input.temporary_password.as_deref()).await?;
    let mut batch = Batch::new().insert(&user);
    batch = match &taken {
        None => change.write(batch),
        Some(taken) => {
            let mut batch = change.write_over(batch, taken);
            let loser = service.store.get::<UserRow>(pool.id(), &taken.holder.value.username_key).await?;
            if let Some(loser) = loser {
                let attributes = aliases::without(taken.kind, &loser.value.attributes);
                batch = batch.replace(&loser, &UserRow { attributes, ..loser.value.clone() });
            }
            batch
        }
    };
    if input.message_action.as_deref() != Some("SUPPRESS") {
        for message in
            invite(service, &pool, &user, &password, input.desired_delivery_mediums.as_deref(), &metadata)
                .await?
        {
            batch = message.write(batch);
        }
    }
    match service.store.commit(batch).await {
        Ok(()) => {}
        Err(CommitError::Conflict(_)) => {
            return Err(UsernameExistsException(String::from("User account already exists")).into());
        }
        Err(other) => return Err(other.into()),
    }
    service.outbox.hurry();
    Ok(AdminCreateUserResponse { user: Some(shown(&user)) })
}

/// `RESEND`: another temporary password in another message; the one of before is of no use any more.
async fn invite_again(
    service: &Service,
    input: AdminCreateUserRequest,
) -> Result<AdminCreateUserResponse, Failure> {
    let (pool, before): (Arc<Pool>, Versioned<UserRow>) =
        named::<AdminCreateUserError>(service, &input.user_pool_id, &input.username).await?;
    if before.value.status != UserStatus::ForceChangePassword {
        let status = before.value.status.as_str();
        let message = format!("Resend not possible. {status} status is not FORCE_CHANGE_PASSWORD");
        return Err(UnsupportedUserStateException(message).into());
    }
    let mut after = before.value.clone();
    let password = set_temporary(service, &pool, &mut after, input.temporary_password.as_deref()).await?;
    after.modified_at = service.clock.now();
    let metadata = input.client_metadata.clone().unwrap_or_default();
    let mut batch = Batch::new().replace(&before, &after);
    for message in
        invite(service, &pool, &after, &password, input.desired_delivery_mediums.as_deref(), &metadata)
            .await?
    {
        batch = message.write(batch);
    }
    service.store.commit(batch).await?;
    service.outbox.hurry();
    Ok(AdminCreateUserResponse { user: Some(shown(&after)) })
}

/// Puts the password given on the user, or one that is made for them.
async fn set_temporary(
    service: &Service,
    pool: &Pool,
    user: &mut UserRow,
    given: Option<&str>,
) -> Result<String, Failure> {
    let policy = pool.password_policy();
    let password = match given {
        Some(given) => given.to_owned(),
        None => invitation::temporary_password(&policy, service.rng.as_ref()),
    };
    if let Some(complaint) = passwords::complaint(&policy, &password) {
        let message = format!("Password did not conform with password policy: {complaint}");
        return Err(InvalidPasswordException(message).into());
    }
    let kept = passwords::keep(service, pool, &user.username, &user.sub, &password).await?;
    passwords::set(service, pool, user, kept);
    Ok(password)
}

async fn invite(
    service: &Service,
    pool: &Pool,
    user: &UserRow,
    password: &str,
    wished: Option<&[String]>,
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<Composed>, Failure> {
    let mut composed = Vec::new();
    for channel in invitation::channels(user, wished) {
        let occasion = Occasion::invitation(channel.attribute, metadata);
        composed.push(messages::compose(service, pool, None, user, &channel.to, password, occasion).await?);
    }
    Ok(composed)
}

/// A user as `AdminCreateUser` and `ListUsers` show them.
pub fn shown(user: &UserRow) -> UserType {
    UserType {
        username: Some(user.username.clone()),
        attributes: Some(attributes::shown(user)),
        user_create_date: Some(user.created_at.epoch_seconds()),
        user_last_modified_date: Some(user.modified_at.epoch_seconds()),
        enabled: Some(user.enabled),
        user_status: Some(user.status.as_str().to_owned()),
        ..UserType::default()
    }
}
