//! ForgotPassword: a code to set a new password with, sent to an address that was verified before.

use base::Caller;
use facts::cognito_idp::{ForgotPasswordError, ForgotPasswordRequest, ForgotPasswordResponse};

use crate::{
    codes,
    directory::Pool,
    messages::{self, Channel, Occasion},
    raise::{Raise, UserNotFoundException, invalid, not_authorized},
    rows::{CodePurpose, CodeRow, UserRow, UserStatus},
    service::Service,
    users,
};

type Failure = Raise<ForgotPasswordError>;

/// Where the client hides who exists, everyone who cannot be sent a code is answered as if they had been.
pub async fn forgot_password(
    service: &Service,
    _caller: &Caller,
    input: ForgotPasswordRequest,
) -> Result<ForgotPasswordResponse, Failure> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    client.check_secret_hash(input.secret_hash.as_deref(), &[&input.username])?;
    let found = users::find(&service.store, &pool, &input.username).await?;
    let reachable = match &found {
        Some(user) => reach(&pool, &user.value).map(|channel| (&user.value, channel)),
        None => Err(UserNotFoundException(String::from("Username/client id combination not found.")).into()),
    };
    let (user, channel) = match reachable {
        Ok(reachable) => reachable,
        Err(_) if client.hides_users() => {
            codes::pretend(service, &pool, &input.username, CodePurpose::ForgotPassword).await?;
            let details = messages::pretended(&pool, &input.username);
            return Ok(ForgotPasswordResponse { code_delivery_details: Some(details) });
        }
        Err(failure) => return Err(failure),
    };
    let metadata = input.client_metadata.unwrap_or_default();
    let code = messages::fresh_code(service);
    let occasion = Occasion::forgot_password(channel.attribute, &metadata);
    let message =
        messages::compose(service, &pool, Some(&client), user, &channel.to, &code, occasion).await?;
    let purpose = CodePurpose::ForgotPassword;
    service
        .store
        .decide(async || {
            let before = service.store.get::<CodeRow>(pool.id(), &purpose.key(&user.sub)).await?;
            let row = before.as_ref().map(|row| &row.value);
            let sent = codes::sent(row, &pool, &user.sub, purpose, &channel.to, &code, service.clock.now())?;
            Ok::<_, Failure>((message.write(codes::write(before.as_ref(), &sent)), ()))
        })
        .await?;
    service.outbox.hurry();
    Ok(ForgotPasswordResponse { code_delivery_details: Some(messages::details(&channel)) })
}

/// The address to send to, or why there is none.
fn reach(pool: &Pool, user: &UserRow) -> Result<Channel, Failure> {
    if !user.enabled {
        return Err(not_authorized("User is disabled."));
    }
    if matches!(user.status, UserStatus::ForceChangePassword | UserStatus::ExternalProvider) {
        return Err(not_authorized("User password cannot be reset in the current state."));
    }
    let Ok(channel) = messages::recovery_channel(pool, user) else {
        return Err(not_authorized("Contact administrator to reset password."));
    };
    channel.ok_or_else(|| {
        invalid("Cannot reset password for the user as there is no registered/verified email or phone_number")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::World;

    #[tokio::test]
    async fn a_code_goes_to_the_verified_address() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let answer = world.ok("ForgotPassword", json!({ "ClientId": client, "Username": "anna" })).await;
        assert_eq!(
            answer["CodeDeliveryDetails"],
            json!({ "AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@e***" })
        );
    }

    #[tokio::test]
    async fn nobody_learns_who_exists() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        world.join(&client, "anna").await;
        world.join(&client, "bert").await;
        world.change_user(&pool, "bert", |user| user.enabled = false).await;
        let mails = world.sent.mails.lock().unwrap().len();
        for name in ["bert", "nobody", "nobody@example.com"] {
            let input = json!({ "ClientId": client, "Username": name });
            let answer = world.ok("ForgotPassword", input.clone()).await;
            assert_eq!(answer["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL");
            assert_eq!(answer, world.ok("ForgotPassword", input).await);
        }
        world.send().await;
        assert_eq!(world.sent.mails.lock().unwrap().len(), mails);
        let open = world.client(&pool, |client| client.prevent_user_existence_errors = None).await;
        assert_eq!(
            world.refused("ForgotPassword", json!({ "ClientId": open, "Username": "nobody" })).await,
            "UserNotFoundException: Username/client id combination not found."
        );
        assert_eq!(
            world.refused("ForgotPassword", json!({ "ClientId": open, "Username": "bert" })).await,
            "NotAuthorizedException: User is disabled."
        );
    }

    #[tokio::test]
    async fn an_address_that_was_never_verified_is_sent_nothing() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        world.join(&client, "anna").await;
        world
            .change_user(&pool, "anna", |user| {
                user.attributes.insert(String::from("email_verified"), String::from("false"));
            })
            .await;
        let open = world.client(&pool, |client| client.prevent_user_existence_errors = None).await;
        assert_eq!(
            world.refused("ForgotPassword", json!({ "ClientId": open, "Username": "anna" })).await,
            "InvalidParameterException: Cannot reset password for the user as there is no registered/verified email \
             or phone_number"
        );
        world.ok("ForgotPassword", json!({ "ClientId": client, "Username": "anna" })).await;
    }
}
