//! ResendConfirmationCode: another code for someone who signed up and is not confirmed yet.

use base::Caller;
use facts::cognito_idp::{
    ResendConfirmationCodeError, ResendConfirmationCodeRequest, ResendConfirmationCodeResponse,
};

use crate::{
    codes,
    messages::{self, Occasion},
    raise::{Raise, UserNotFoundException, invalid},
    rows::{CodePurpose, CodeRow, UserStatus},
    service::Service,
    users,
};

pub async fn resend_confirmation_code(
    service: &Service,
    _caller: &Caller,
    input: ResendConfirmationCodeRequest,
) -> Result<ResendConfirmationCodeResponse, Raise<ResendConfirmationCodeError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    client.check_secret_hash(input.secret_hash.as_deref(), &[&input.username])?;
    let found = users::find(&service.store, &pool, &input.username).await?;
    let Some(user) = found.filter(|user| user.value.enabled || !client.hides_users()) else {
        if client.hides_users() {
            codes::pretend(service, &pool, &input.username, CodePurpose::SignUp).await?;
            let details = messages::pretended(&pool, &input.username);
            return Ok(ResendConfirmationCodeResponse { code_delivery_details: Some(details) });
        }
        return Err(UserNotFoundException(String::from("Username/client id combination not found.")).into());
    };
    let user = user.value;
    if user.status != UserStatus::Unconfirmed {
        return Err(invalid("User is already confirmed."));
    }
    let Some(channel) = messages::verification_channel(&pool, &user) else {
        return Err(invalid("Cannot resend codes. Auto verification not turned on."));
    };
    let metadata = input.client_metadata.unwrap_or_default();
    let code = messages::fresh_code(service);
    let occasion = Occasion::resend(channel.attribute, &metadata);
    let message =
        messages::compose(service, &pool, Some(&client), &user, &channel.to, &code, occasion).await?;
    let purpose = CodePurpose::SignUp;
    service
        .store
        .decide(async || {
            let before = service.store.get::<CodeRow>(pool.id(), &purpose.key(&user.sub)).await?;
            let now = service.clock.now();
            let row = before.as_ref().map(|row| &row.value);
            let sent = codes::sent(row, &pool, &user.sub, purpose, &channel.to, &code, now)?;
            let batch = codes::write(before.as_ref(), &sent);
            Ok::<_, Raise<ResendConfirmationCodeError>>((message.write(batch), ()))
        })
        .await?;
    service.outbox.hurry();
    Ok(ResendConfirmationCodeResponse { code_delivery_details: Some(messages::details(&channel)) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{PASSWORD, World};

    #[tokio::test]
    async fn the_new_code_counts_and_the_old_one_does_not() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        let input = json!({
            "ClientId": client, "Username": "anna", "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": "anna@example.com" }],
        });
        world.ok("SignUp", input).await;
        let old = world.code("anna@example.com").await;
        let input = json!({ "ClientId": client, "Username": "anna" });
        let answer = world.ok("ResendConfirmationCode", input.clone()).await;
        assert_eq!(answer["CodeDeliveryDetails"]["Destination"], "a***@e***");
        let new = world.code("anna@example.com").await;
        assert_ne!(old, new);
        let confirm =
            |code: &str| json!({ "ClientId": client, "Username": "anna", "ConfirmationCode": code });
        assert_eq!(
            world.refused("ConfirmSignUp", confirm(&old)).await,
            "CodeMismatchException: Invalid verification code provided, please try again."
        );
        world.ok("ConfirmSignUp", confirm(&new)).await;
        assert_eq!(
            world.refused("ResendConfirmationCode", input).await,
            "InvalidParameterException: User is already confirmed."
        );
    }

    #[tokio::test]
    async fn someone_who_does_not_exist_runs_into_the_same_limit() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        let input = json!({
            "ClientId": client, "Username": "anna", "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": "anna@example.com" }],
        });
        world.ok("SignUp", input).await;
        // Signing up sent one.
        for (name, codes) in [("anna", 4), ("nobody", 5)] {
            let input = json!({ "ClientId": client, "Username": name });
            for _ in 0..codes {
                world.ok("ResendConfirmationCode", input.clone()).await;
            }
            assert_eq!(
                world.refused("ResendConfirmationCode", input).await,
                "LimitExceededException: Attempt limit exceeded, please try after some time."
            );
        }
    }
}
