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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        rows::UserStatus,
        test_support::{PASSWORD, World},
    };

    fn confirm(client: &str, username: &str, code: &str) -> Value {
        json!({ "ClientId": client, "Username": username, "ConfirmationCode": code })
    }

    async fn sign_up(world: &World, client: &str, username: &str, email: &str) {
        let input = json!({
            "ClientId": client, "Username": username, "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": email }],
        });
        world.ok("SignUp", input).await;
    }

    #[tokio::test]
    async fn the_code_confirms_once() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        sign_up(&world, &client, "anna", "anna@example.com").await;
        let code = world.code("anna@example.com").await;
        assert_eq!(world.ok("ConfirmSignUp", confirm(&client, "anna", &code)).await, json!({}));
        let user = world.user(&pool, "anna").await.value;
        assert_eq!(user.status, UserStatus::Confirmed);
        assert!(user.is_verified("email"));
        assert_eq!(
            world.refused("ConfirmSignUp", confirm(&client, "anna", &code)).await,
            "NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED"
        );
    }

    #[tokio::test]
    async fn wrong_tries_made_at_once_count_one_by_one() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        sign_up(&world, &client, "anna", "anna@example.com").await;
        let code = world.code("anna@example.com").await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let world = std::sync::Arc::new(world);
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let world = std::sync::Arc::clone(&world);
            let input = confirm(&client, "anna", wrong);
            tries.spawn(async move { world.refused("ConfirmSignUp", input).await });
        }
        let answers = tries.join_all().await;
        let wrong = answers.iter().filter(|words| words.starts_with("CodeMismatchException")).count();
        let stopped = answers.iter().filter(|words| words.starts_with("TooManyFailedAttempts")).count();
        assert_eq!((wrong, stopped), (5, 7), "{answers:?}");
        // Even the right one, until the hour is over.
        assert!(
            world
                .refused("ConfirmSignUp", confirm(&client, "anna", &code))
                .await
                .starts_with("TooManyFailedAttemptsException")
        );
        world.clock.pass_seconds(3600);
        world.ok("ConfirmSignUp", confirm(&client, "anna", &code)).await;
    }

    #[tokio::test]
    async fn a_code_is_good_for_a_day() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        sign_up(&world, &client, "anna", "anna@example.com").await;
        let code = world.code("anna@example.com").await;
        world.clock.pass_seconds(86_400);
        assert_eq!(
            world.refused("ConfirmSignUp", confirm(&client, "anna", &code)).await,
            "ExpiredCodeException: Invalid code provided, please request a code again."
        );
    }

    #[tokio::test]
    async fn someone_who_does_not_exist_is_answered_like_someone_without_a_code() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        assert_eq!(
            world.refused("ConfirmSignUp", confirm(&client, "nobody", "123456")).await,
            "ExpiredCodeException: Invalid code provided, please request a code again."
        );
        let open = world.client(&pool, |client| client.prevent_user_existence_errors = None).await;
        assert!(
            world
                .refused("ConfirmSignUp", confirm(&open, "nobody", "123456"))
                .await
                .starts_with("UserNotFoundException")
        );
    }

    #[tokio::test]
    async fn an_alias_belongs_to_who_verified_it_first_unless_it_is_taken_by_force() {
        let world = World::new().await;
        let pool = world.pool(|pool| pool.alias_attributes = Some(vec![String::from("email")])).await;
        let client = world.client(&pool, |_| {}).await;
        sign_up(&world, &client, "anna", "shared@example.com").await;
        let annas = world.code("shared@example.com").await;
        sign_up(&world, &client, "bert", "shared@example.com").await;
        let berts = world.code("shared@example.com").await;
        // An address that nobody verified signs nobody in.
        assert!(world.password_auth(&client, "shared@example.com", PASSWORD).await.is_err());
        world.ok("ConfirmSignUp", confirm(&client, "anna", &annas)).await;
        assert_eq!(
            world.refused("ConfirmSignUp", confirm(&client, "bert", &berts)).await,
            "AliasExistsException: An account with the email already exists."
        );
        assert_eq!(world.user(&pool, "shared@example.com").await.value.username, "anna");
        let mut force = confirm(&client, "bert", &berts);
        force["ForceAliasCreation"] = json!(true);
        world.ok("ConfirmSignUp", force).await;
        assert_eq!(world.user(&pool, "shared@example.com").await.value.username, "bert");
        assert!(!world.user(&pool, "anna").await.value.is_verified("email"));
    }
}
