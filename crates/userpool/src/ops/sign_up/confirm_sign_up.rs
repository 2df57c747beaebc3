//! ConfirmSignUp: the code that was sent comes back; the user is confirmed and the address it went to is verified.

use base::Caller;
use facts::cognito_idp::{ConfirmSignUpError, ConfirmSignUpRequest, ConfirmSignUpResponse};
use store::{Batch, Versioned};

use crate::{
    codes::{self, Unfit},
    directory::Pool,
    raise::{
        CodeMismatchException, ExpiredCodeException, Raise, TooManyFailedAttemptsException,
        UserNotFoundException, not_authorized,
    },
    rows::{CodePurpose, CodeRow, UserRow, UserStatus},
    service::Service,
    triggers::post_confirmation,
    users::{self, aliases},
};

type Failure = Raise<ConfirmSignUpError>;

pub async fn confirm_sign_up(
    service: &Service,
    _caller: &Caller,
    input: ConfirmSignUpRequest,
) -> Result<ConfirmSignUpResponse, Failure> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    client.check_secret_hash(input.secret_hash.as_deref(), &[&input.username])?;
    let force = input.force_alias_creation.unwrap_or(false);
    let code = &input.confirmation_code;
    let decided: Result<UserRow, Failure> = service
        .store
        .decide(async || {
            let Some(user) = users::find(&service.store, &pool, &input.username).await? else {
                if client.hides_users() {
                    let (batch, unfit) =
                        codes::try_pretended(service, &pool, &input.username, CodePurpose::SignUp, code)
                            .await?;
                    return Ok((batch, Err(refusal(unfit))));
                }
                let message = String::from("Username/client id combination not found.");
                return Ok((Batch::new(), Err(UserNotFoundException(message).into())));
            };
            decide(service, &pool, &user, code, force).await
        })
        .await?;
    let user = decided?;
    let metadata = input.client_metadata.unwrap_or_default();
    let source = "PostConfirmation_ConfirmSignUp";
    post_confirmation::tell(service, &pool, client.id(), &user, source, &metadata).await?;
    Ok(ConfirmSignUpResponse::default())
}

/// A wrong try is written too: the batch beside a refusal counts it.
async fn decide(
    service: &Service,
    pool: &Pool,
    user: &Versioned<UserRow>,
    code: &str,
    force: bool,
) -> Result<(Batch, Result<UserRow, Failure>), Failure> {
    if user.value.status != UserStatus::Unconfirmed {
        let message = format!("User cannot be confirmed. Current status is {}", user.value.status.as_str());
        return Ok((Batch::new(), Err(not_authorized(message))));
    }
    let key = CodePurpose::SignUp.key(&user.value.sub);
    let Some(row) = service.store.get::<CodeRow>(pool.id(), &key).await? else {
        return Ok((Batch::new(), Err(refusal(Unfit::Expired))));
    };
    let (spent, tried) = codes::check(&row.value, pool, code, service.clock.now());
    if let Err(unfit) = tried {
        return Ok((Batch::new().replace(&row, &spent), Err(refusal(unfit))));
    }
    let mut after = user.value.clone();
    after.status = UserStatus::Confirmed;
    after.modified_at = service.clock.now();
    // The address may have changed since: only the one that the code went to is verified.
    for attribute in ["email", "phone_number"] {
        if after.attribute(attribute) == Some(row.value.destination.as_str()) {
            after.attributes.insert(format!("{attribute}_verified"), String::from("true"));
        }
    }
    let batch = Batch::new().expect(&row).delete::<CodeRow>(pool.id(), &key).replace(user, &after);
    let change = aliases::change(pool, Some(&user.value), Some(&after));
    let Some(taken) = change.taken(&service.store).await? else {
        return Ok((change.write(batch), Ok(after)));
    };
    if !force {
        return Ok((Batch::new(), Err(taken.exception().into())));
    }
    let loser = service.store.get::<UserRow>(pool.id(), &taken.holder.value.username_key).await?;
    let mut batch = change.write_over(batch, &taken);
    if let Some(loser) = loser {
        let attributes = aliases::without(taken.kind, &loser.value.attributes);
        batch = batch.replace(&loser, &UserRow { attributes, ..loser.value.clone() });
    }
    Ok((batch, Ok(after)))
}

fn refusal(unfit: Unfit) -> Failure {
    match unfit {
        Unfit::Wrong => {
            CodeMismatchException(String::from("Invalid verification code provided, please try again.")).into()
        }
        Unfit::Expired => {
            ExpiredCodeException(String::from("Invalid code provided, please request a code again.")).into()
        }
        Unfit::TooManyTries => TooManyFailedAttemptsException(String::from(
            "You have made too many incorrect confirmation attempts for the user, please request a new code later.",
        ))
        .into(),
    }
}
