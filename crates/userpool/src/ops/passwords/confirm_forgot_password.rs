//! ConfirmForgotPassword: the code that was sent, and a new password.

use base::Caller;
use facts::cognito_idp::{
    ConfirmForgotPasswordError, ConfirmForgotPasswordRequest, ConfirmForgotPasswordResponse,
};
use store::{Batch, Versioned};

use crate::{
    codes::{self, Unfit},
    directory::Pool,
    flows::lockout,
    passwords,
    raise::{
        CodeMismatchException, ExpiredCodeException, InvalidPasswordException, LimitExceededException, Raise,
        UserNotFoundException, not_authorized,
    },
    rows::{AttemptsRow, CodePurpose, CodeRow, UserRow, UserStatus},
    service::Service,
    triggers::post_confirmation,
    users,
};

type Failure = Raise<ConfirmForgotPasswordError>;

/// Guesses at codes cost no cryptography: the code is tried, and counted, before the new password is worked out.
pub async fn confirm_forgot_password(
    service: &Service,
    _caller: &Caller,
    input: ConfirmForgotPasswordRequest,
) -> Result<ConfirmForgotPasswordResponse, Failure> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    client.check_secret_hash(input.secret_hash.as_deref(), &[&input.username])?;
    if let Some(complaint) = passwords::complaint(&pool.password_policy(), &input.password) {
        let message = format!("Password does not conform to policy: {complaint}");
        return Err(InvalidPasswordException(message).into());
    }
    let found = users::find(&service.store, &pool, &input.username).await?;
    let found = found.filter(|user| user.value.enabled || !client.hides_users());
    let Some(user) = found else {
        if !client.hides_users() {
            let message = String::from("Username/client id combination not found.");
            return Err(UserNotFoundException(message).into());
        }
        let (name, code) = (&input.username, &input.confirmation_code);
        let unfit = service
            .store
            .decide(async || {
                codes::try_pretended(service, &pool, name, CodePurpose::ForgotPassword, code).await
            })
            .await
            .map_err(|failure: Failure| failure)?;
        return Err(refusal(unfit));
    };
    if !user.value.enabled {
        return Err(not_authorized("User is disabled."));
    }
    let row = try_code(service, &pool, &user.value, &input.confirmation_code).await?;
    passwords::was_used(service, &pool, &user.value, &input.password).await?;
    let kept =
        passwords::keep(service, &pool, &user.value.username, &user.value.sub, &input.password).await?;
    let mut after = user.value.clone();
    passwords::set(service, &pool, &mut after, kept);
    after.status = UserStatus::Confirmed;
    after.modified_at = service.clock.now();
    // The code at the version that was tried: of two who show it at once, one sets the password.
    let attempts = lockout::key(&pool, &after.username_key);
    let batch = Batch::new().spend(&row).replace(&user, &after).delete::<AttemptsRow>(pool.id(), &attempts);
    service.store.commit(batch).await?;
    let metadata = input.client_metadata.unwrap_or_default();
    let source = "PostConfirmation_ConfirmForgotPassword";
    post_confirmation::tell(service, &pool, client.id(), &after, source, &metadata).await?;
    Ok(ConfirmForgotPasswordResponse::default())
}

/// A right code is left as it was, to be spent with the password's change; a wrong one is counted.
async fn try_code(
    service: &Service,
    pool: &Pool,
    user: &UserRow,
    code: &str,
) -> Result<Versioned<CodeRow>, Failure> {
    let key = CodePurpose::ForgotPassword.key(&user.sub);
    let tried: Result<Versioned<CodeRow>, Unfit> = service
        .store
        .decide(async || {
            let Some(row) = service.store.get::<CodeRow>(pool.id(), &key).await? else {
                return Ok((Batch::new(), Err(Unfit::Expired)));
            };
            let (after, tried) = codes::check(&row.value, pool, code, service.clock.now());
            Ok::<_, Failure>(match tried {
                Ok(()) => (Batch::new(), Ok(row)),
                Err(unfit) => (Batch::new().replace(&row, &after), Err(unfit)),
            })
        })
        .await?;
    tried.map_err(refusal)
}

fn refusal(unfit: Unfit) -> Failure {
    match unfit {
        Unfit::Wrong => {
            CodeMismatchException(String::from("Invalid verification code provided, please try again."))
                .into()
        }
        Unfit::Expired => {
            ExpiredCodeException(String::from("Invalid code provided, please request a code again.")).into()
        }
        Unfit::TooManyTries => {
            LimitExceededException(String::from("Attempt limit exceeded, please try after some time.")).into()
        }
    }
}
