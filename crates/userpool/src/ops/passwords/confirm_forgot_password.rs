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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_support::{PASSWORD, World};

    const NEW: &str = "Battery-staple2";

    fn input(client: &str, username: &str, code: &str, password: &str) -> Value {
        json!({ "ClientId": client, "Username": username, "ConfirmationCode": code, "Password": password })
    }

    #[tokio::test]
    async fn the_new_password_signs_in_and_the_old_one_does_not() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        world.ok("ForgotPassword", json!({ "ClientId": client, "Username": "anna" })).await;
        let code = world.code("anna@example.com").await;
        // A password that the policy refuses leaves the code good.
        assert_eq!(
            world.refused("ConfirmForgotPassword", input(&client, "anna", &code, "short")).await,
            "InvalidPasswordException: Password does not conform to policy: Password not long enough"
        );
        world.ok("ConfirmForgotPassword", input(&client, "anna", &code, NEW)).await;
        world.password_auth(&client, "anna", NEW).await.unwrap();
        assert!(world.password_auth(&client, "anna", PASSWORD).await.is_err());
        // Once.
        assert_eq!(
            world.refused("ConfirmForgotPassword", input(&client, "anna", &code, NEW)).await,
            "ExpiredCodeException: Invalid code provided, please request a code again."
        );
    }

    #[tokio::test]
    async fn of_two_who_show_the_code_at_once_one_sets_the_password() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        world.ok("ForgotPassword", json!({ "ClientId": client, "Username": "anna" })).await;
        let code = world.code("anna@example.com").await;
        let (one, two) = tokio::join!(
            world.call("ConfirmForgotPassword", input(&client, "anna", &code, "Battery-staple1")),
            world.call("ConfirmForgotPassword", input(&client, "anna", &code, "Battery-staple2")),
        );
        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
    }

    #[tokio::test]
    async fn a_stranger_and_a_user_are_answered_alike() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let mut heard = Vec::new();
        for name in ["anna", "nobody"] {
            let mut words =
                vec![world.refused("ConfirmForgotPassword", input(&client, name, "1", NEW)).await];
            world.ok("ForgotPassword", json!({ "ClientId": client, "Username": name })).await;
            for _ in 0..6 {
                words.push(world.refused("ConfirmForgotPassword", input(&client, name, "1", NEW)).await);
            }
            heard.push(words);
        }
        assert_eq!(heard[0], heard[1]);
        assert!(heard[0][0].starts_with("ExpiredCode"));
        assert!(heard[0][1].starts_with("CodeMismatch"));
        assert!(heard[0][6].starts_with("LimitExceeded"));
    }

    #[tokio::test]
    async fn a_sign_up_code_is_no_reset_code() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        let sign_up = json!({
            "ClientId": client, "Username": "anna", "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": "anna@example.com" }],
        });
        world.ok("SignUp", sign_up).await;
        let code = world.code("anna@example.com").await;
        assert!(
            world
                .refused("ConfirmForgotPassword", input(&client, "anna", &code, NEW))
                .await
                .starts_with("ExpiredCodeException")
        );
    }
}
