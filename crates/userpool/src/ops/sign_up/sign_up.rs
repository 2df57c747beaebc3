//! SignUp: someone joins the pool by themselves.

use std::collections::BTreeMap;

use base::Caller;
use facts::cognito_idp::{SignUpError, SignUpRequest, SignUpResponse};
use store::{Batch, CommitError};

use crate::{
    attributes, codes,
    directory::Pool,
    messages::{self, Occasion},
    passwords,
    raise::{InvalidPasswordException, Raise, UsernameExistsException, invalid, not_authorized},
    rows::{CodePurpose, UserRow, UserStatus},
    service::Service,
    triggers::{
        post_confirmation,
        pre_sign_up::{self, Verdict},
    },
    users::{self, aliases},
};

/// Writes the user, the names they may be found by, the code and its message, together.
pub async fn sign_up(
    service: &Service,
    _caller: &Caller,
    input: SignUpRequest,
) -> Result<SignUpResponse, Raise<SignUpError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    client.check_secret_hash(input.secret_hash.as_deref(), &[&input.username])?;
    if pool.admin_creates_users_only() {
        return Err(not_authorized("SignUp is not permitted for this user pool"));
    }
    let metadata = input.client_metadata.unwrap_or_default();
    let naming = users::name(&pool, service.rng.as_ref(), &input.username)?;
    let implied = naming.implied.clone();
    let mut user = naming.into_user(&pool, service.clock.now());
    let given = given(implied, attributes::given(input.user_attributes.as_deref()))?;
    attributes::write_by_client(&pool, &client, &mut user, &given)?;
    attributes::require_all(&pool, &user.attributes)?;
    let password = input.password.unwrap_or_default();
    if let Some(complaint) = passwords::complaint(&pool.password_policy(), &password) {
        let message = format!("Password did not conform with policy: {complaint}");
        return Err(InvalidPasswordException(message).into());
    }
    // Before the trigger and the work: most who come a second time are told so here.
    if is_taken(service, &pool, &user).await? {
        return Err(exists(&pool, &user).into());
    }

    let validation_data = attributes::given(input.validation_data.as_deref());
    let asked = pre_sign_up::Asked {
        source: "PreSignUp_SignUp",
        username: &user.username,
        client_id: client.id(),
        attributes: &user.attributes,
        validation_data: &validation_data,
        client_metadata: &metadata,
    };
    let verdict = pre_sign_up::ask(service, &pool, asked).await?;
    admit(&mut user, verdict)?;
    let kept = passwords::keep(service, &pool, &user.username, &user.sub, &password).await?;
    passwords::set(service, &pool, &mut user, kept);

    let change = aliases::change(&pool, None, Some(&user));
    let mut batch = change.write(Batch::new().insert(&user));
    let channel = match user.status {
        UserStatus::Unconfirmed => messages::verification_channel(&pool, &user),
        _ => None,
    };
    if let Some(channel) = &channel {
        let code = messages::fresh_code(service);
        let occasion = Occasion::sign_up(channel.attribute, &metadata);
        let message =
            messages::compose(service, &pool, Some(&client), &user, &channel.to, &code, occasion).await?;
        let now = service.clock.now();
        // A new user has no code yet: there is no limit to run into.
        if let Ok(sent) = codes::sent(None, &pool, &user.sub, CodePurpose::SignUp, &channel.to, &code, now) {
            batch = message.write(batch.insert(&sent));
        }
    }
    match service.store.commit(batch).await {
        Ok(()) => {}
        Err(CommitError::Conflict(_)) => return Err(exists(&pool, &user).into()),
        Err(other) => return Err(other.into()),
    }
    service.outbox.hurry();
    let confirmed = user.status == UserStatus::Confirmed;
    if confirmed {
        let source = "PostConfirmation_ConfirmSignUp";
        post_confirmation::tell(service, &pool, client.id(), &user, source, &metadata).await?;
    }
    Ok(SignUpResponse {
        code_delivery_details: channel.as_ref().map(messages::details),
        user_confirmed: confirmed,
        user_sub: user.sub,
        ..SignUpResponse::default()
    })
}

/// The attributes asked for, without the one that the username is already.
fn given(
    implied: Option<(&'static str, String)>,
    mut given: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Raise<SignUpError>> {
    if let Some((attribute, value)) = implied {
        match given.remove(attribute) {
            Some(other) if other != value => {
                return Err(invalid(format!(
                    "Attribute value for {attribute} must not conflict with the username."
                )));
            }
            _ => {}
        }
    }
    Ok(given)
}

/// What the trigger decided. An address is verified only where there is one.
fn admit(user: &mut UserRow, verdict: Verdict) -> Result<(), Raise<SignUpError>> {
    for (asked, attribute) in [(verdict.verify_email, "email"), (verdict.verify_phone, "phone_number")] {
        if !asked {
            continue;
        }
        if user.attribute(attribute).is_none_or(str::is_empty) {
            return Err(invalid(format!("{attribute} is required for auto-verification.")));
        }
        user.attributes.insert(format!("{attribute}_verified"), String::from("true"));
    }
    if verdict.confirm {
        user.status = UserStatus::Confirmed;
    }
    Ok(())
}

async fn is_taken(service: &Service, pool: &Pool, user: &UserRow) -> Result<bool, Raise<SignUpError>> {
    if service.store.get::<UserRow>(pool.id(), &user.username_key).await?.is_some() {
        return Ok(true);
    }
    Ok(aliases::change(pool, None, Some(user)).taken(&service.store).await?.is_some())
}

/// SignUp always tells ("Managing error responses": the operation has to say when a name is taken).
fn exists(pool: &Pool, user: &UserRow) -> UsernameExistsException {
    let by = ["email", "phone_number"].into_iter().find(|name| {
        pool.is_username_attribute(name) && user.attribute(name).is_some_and(|value| !value.is_empty())
    });
    UsernameExistsException(match by {
        Some("email") => String::from("An account with the given email already exists."),
        Some(_) => String::from("An account with the given phone_number already exists."),
        None => String::from("User already exists"),
    })
}
