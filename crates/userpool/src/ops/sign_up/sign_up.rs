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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        rows::UserStatus,
        test_support::{PASSWORD, World, secret_hash},
    };

    fn input(client: &str, username: &str) -> serde_json::Value {
        json!({
            "ClientId": client, "Username": username, "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": "anna@example.com" }],
        })
    }

    #[tokio::test]
    async fn a_user_is_made_and_a_code_is_sent() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        let answer = world.ok("SignUp", input(&client, "anna")).await;
        let user = world.user(&pool, "anna").await.value;
        assert_eq!(
            answer,
            json!({
                "UserConfirmed": false,
                "UserSub": user.sub,
                "CodeDeliveryDetails": {
                    "AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@e***",
                },
            })
        );
        assert_eq!(user.status, UserStatus::Unconfirmed);
        assert_eq!(user.attribute("email_verified"), Some("false"));
        let code = world.code("anna@example.com").await;
        let mails = world.sent.mails.lock().unwrap();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].subject, "Your verification code");
        assert_eq!(mails[0].text, format!("Your confirmation code is {code}"));
        assert!(!serde_json::to_string(&user).unwrap().contains(PASSWORD));
    }

    #[tokio::test]
    async fn a_name_is_taken_once() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        let (first, second) = tokio::join!(
            world.call("SignUp", input(&client, "anna")),
            world.call("SignUp", input(&client, "anna"))
        );
        let refused = first.and(second).unwrap_err();
        assert_eq!(refused.to_string(), "UsernameExistsException: User already exists");
    }

    #[tokio::test]
    async fn where_addresses_are_usernames_the_address_is_taken_once_whatever_its_case() {
        let world = World::new().await;
        let pool = world
            .pool(|pool| {
                pool.username_attributes = Some(vec![String::from("email")]);
                pool.username_configuration =
                    Some(facts::cognito_idp::UsernameConfigurationType { case_sensitive: false });
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        let input =
            |username: &str| json!({ "ClientId": client, "Username": username, "Password": PASSWORD });
        world.ok("SignUp", input("anna@example.com")).await;
        let user = world.user(&pool, "Anna@Example.com").await.value;
        assert_eq!(user.username, user.sub);
        assert_eq!(user.attribute("email"), Some("anna@example.com"));
        assert_eq!(
            world.refused("SignUp", input("ANNA@example.com")).await,
            "UsernameExistsException: An account with the given email already exists."
        );
        assert_eq!(
            world.refused("SignUp", input("anna")).await,
            "InvalidParameterException: Username should be an email."
        );
    }

    #[tokio::test]
    async fn each_rule_says_what_it_wants() {
        let world = World::new().await;
        let pool = world
            .pool(|pool| {
                pool.alias_attributes = Some(vec![String::from("email")]);
                let schema = pool.schema_attributes.as_mut().unwrap();
                schema.iter_mut().find(|a| a.name.as_deref() == Some("email")).unwrap().required = Some(true);
            })
            .await;
        let client =
            world.client(&pool, |client| client.write_attributes = Some(vec![String::from("email")])).await;
        let attempt = |username: &str, password: &str, name: &str, value: &str| {
            json!({
                "ClientId": client, "Username": username, "Password": password,
                "UserAttributes": [{ "Name": name, "Value": value }],
            })
        };
        for (input, words) in [
            (
                attempt("anna", "short", "email", "a@b.co"),
                "InvalidPasswordException: Password did not conform with policy: Password not long enough",
            ),
            (
                attempt("anna", PASSWORD, "email", "nobody"),
                "InvalidParameterException: Invalid email address format.",
            ),
            (
                attempt("anna", PASSWORD, "shoe", "44"),
                "InvalidParameterException: Attributes did not conform to the schema: Type for attribute {shoe} could \
                 not be determined",
            ),
            (
                attempt("anna", PASSWORD, "name", "Anna"),
                "NotAuthorizedException: A client attempted to write unauthorized attribute",
            ),
            (
                attempt("anna", PASSWORD, "email_verified", "true"),
                "NotAuthorizedException: A client attempted to write unauthorized attribute",
            ),
            (
                attempt("anna@example.com", PASSWORD, "email", "a@b.co"),
                "InvalidParameterException: Username cannot be of email format, since user pool is configured for \
                 email alias.",
            ),
            (
                json!({ "ClientId": client, "Username": "anna", "Password": PASSWORD }),
                "InvalidParameterException: Attributes did not conform to the schema: email: The attribute is required\n",
            ),
            (
                json!({ "ClientId": "nosuchclient", "Username": "anna", "Password": PASSWORD }),
                "ResourceNotFoundException: User pool client nosuchclient does not exist.",
            ),
        ] {
            assert_eq!(world.refused("SignUp", input).await, words);
        }
    }

    #[tokio::test]
    async fn a_client_with_a_secret_must_show_that_it_has_it() {
        let world = World::new().await;
        let pool = world.pool(|_| {}).await;
        let client = world.secret_client(&pool, "s3cret").await;
        let unable = format!("NotAuthorizedException: Unable to verify secret hash for client {client}");
        let mut input = input(&client, "anna");
        assert_eq!(
            world.refused("SignUp", input.clone()).await,
            format!(
                "NotAuthorizedException: Client {client} is configured with secret but SECRET_HASH was not received"
            )
        );
        input["SecretHash"] = json!(secret_hash("s3cret", "bert", &client));
        assert_eq!(world.refused("SignUp", input.clone()).await, unable);
        input["SecretHash"] = json!(secret_hash("s3cret", "anna", &client));
        world.ok("SignUp", input).await;
    }

    #[tokio::test]
    async fn where_only_administrators_make_users_nobody_joins() {
        let world = World::new().await;
        let pool = world
            .pool(|pool| {
                pool.admin_create_user_config = Some(facts::cognito_idp::AdminCreateUserConfigType {
                    allow_admin_create_user_only: Some(true),
                    ..Default::default()
                });
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        assert_eq!(
            world.refused("SignUp", input(&client, "anna")).await,
            "NotAuthorizedException: SignUp is not permitted for this user pool"
        );
    }

    #[tokio::test]
    async fn the_trigger_may_refuse_and_may_confirm() {
        let world = World::new().await;
        let arn = world.functions.add("pre", |mut event| {
            if event["request"]["userAttributes"]["email"] == "anna@example.com" {
                event["response"] = json!({ "autoConfirmUser": true, "autoVerifyEmail": true });
                return Ok(event);
            }
            Err(String::from("Not from here"))
        });
        let pool = world
            .pool(|pool| {
                pool.lambda_config = Some(facts::cognito_idp::LambdaConfigType {
                    pre_sign_up: Some(arn),
                    ..Default::default()
                });
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        let answer = world.ok("SignUp", input(&client, "anna")).await;
        assert_eq!(answer["UserConfirmed"], true);
        assert_eq!(answer.get("CodeDeliveryDetails"), None);
        assert!(world.user(&pool, "anna").await.value.is_verified("email"));
        let mut other = input(&client, "bert");
        other["UserAttributes"][0]["Value"] = json!("bert@example.com");
        assert_eq!(
            world.refused("SignUp", other).await,
            "UserLambdaValidationException: PreSignUp failed with error Not from here."
        );
    }

    #[tokio::test]
    async fn a_mail_server_that_is_down_holds_nobody_up() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        *world.sent.down.lock().unwrap() = true;
        world.ok("SignUp", input(&client, "anna")).await;
        let outbox = &world.pools.service().outbox;
        outbox.send_due().await.unwrap();
        assert!(outbox.next_due().await.unwrap().is_some());
        assert!(world.sent.mails.lock().unwrap().is_empty());
        *world.sent.down.lock().unwrap() = false;
        world.clock.pass_seconds(61);
        let code = world.code("anna@example.com").await;
        world
            .ok("ConfirmSignUp", json!({ "ClientId": client, "Username": "anna", "ConfirmationCode": code }))
            .await;
    }
}
