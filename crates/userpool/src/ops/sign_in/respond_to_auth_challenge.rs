//! RespondToAuthChallenge: the answer to what InitiateAuth, or the answer before, was answered with.

use base::Caller;
use facts::cognito_idp::{
    RespondToAuthChallengeError, RespondToAuthChallengeRequest, RespondToAuthChallengeResponse,
};

use super::answers::refused;
use crate::{
    flows::{Answer, Door, DoorKind},
    raise::Raise,
    service::Service,
};

pub async fn respond_to_auth_challenge(
    service: &Service,
    caller: &Caller,
    input: RespondToAuthChallengeRequest,
) -> Result<RespondToAuthChallengeResponse, Raise<RespondToAuthChallengeError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    let mut responses = input.challenge_responses.unwrap_or_default();
    let door = Door {
        kind: DoorKind::Api,
        source_ip: caller.source_ip.clone(),
        client_metadata: input.client_metadata.unwrap_or_default(),
        secret_hash: responses.remove("SECRET_HASH"),
    };
    let answer = Answer { challenge: input.challenge_name, session: input.session, responses };
    let step = service.answer_challenge(&door, &pool, &client, answer).await.map_err(refused)?;
    Ok(step.into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        rows::UserStatus,
        test_support::{PASSWORD, World, claims},
    };

    const NEW: &str = "Battery-staple2";

    #[tokio::test]
    async fn srp_signs_in() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let answer = world.srp(&client, "anna", PASSWORD).await.unwrap();
        assert_eq!(claims(&answer["AuthenticationResult"]["IdToken"])["cognito:username"], "anna");
        assert_eq!(
            world.srp(&client, "anna", "wrong").await.unwrap_err().to_string(),
            "NotAuthorizedException: Incorrect username or password."
        );
    }

    #[tokio::test]
    async fn a_timestamp_has_its_form() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let mut answer = world.srp_begin(&client, "anna", PASSWORD).await.unwrap();
        answer["ChallengeResponses"]["TIMESTAMP"] = json!("2018-09-25T00:09:40Z");
        assert_eq!(
            world.refused("RespondToAuthChallenge", answer).await,
            "InvalidParameterException: TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english."
        );
        let mut answer = world.srp_begin(&client, "anna", PASSWORD).await.unwrap();
        // A date in another form's padding parses; the proof was over another text, so it does not hold.
        answer["ChallengeResponses"]["TIMESTAMP"] = json!("Sun Jan 7 01:02:03 UTC 2024");
        assert!(world.refused("RespondToAuthChallenge", answer).await.contains("Incorrect username"));
    }

    async fn invited(world: &World) -> (String, String, Value) {
        let pool = world
            .pool(|pool| {
                let schema = pool.schema_attributes.as_mut().unwrap();
                schema.iter_mut().find(|a| a.name.as_deref() == Some("name")).unwrap().required = Some(true);
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        let input = json!({
            "ClientId": client, "Username": "anna", "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": "anna@example.com" }, { "Name": "name", "Value": "x" }],
        });
        world.ok("SignUp", input).await;
        world
            .change_user(&pool, "anna", |user| {
                user.status = UserStatus::ForceChangePassword;
                user.attributes.remove("name");
            })
            .await;
        let posed = world.password_auth(&client, "anna", PASSWORD).await.unwrap();
        (pool, client, posed)
    }

    fn answer(client: &str, posed: &Value, password: &str) -> Value {
        json!({
            "ClientId": client, "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": posed["Session"],
            "ChallengeResponses": {
                "USERNAME": "anna", "NEW_PASSWORD": password, "userAttributes.name": "Anna",
            },
        })
    }

    #[tokio::test]
    async fn a_temporary_password_is_replaced_by_ones_own() {
        let world = World::new().await;
        let (pool, client, posed) = invited(&world).await;
        assert_eq!(posed["ChallengeName"], "NEW_PASSWORD_REQUIRED");
        let parameters = &posed["ChallengeParameters"];
        assert_eq!(parameters["USER_ID_FOR_SRP"], "anna");
        assert_eq!(parameters["requiredAttributes"], r#"["userAttributes.name"]"#);
        let known: Value = serde_json::from_str(parameters["userAttributes"].as_str().unwrap()).unwrap();
        assert_eq!(known, json!({ "email": "anna@example.com", "email_verified": "false" }));

        // What the policy refuses, and what is missing, leave the session good.
        assert_eq!(
            world.refused("RespondToAuthChallenge", answer(&client, &posed, "short")).await,
            "InvalidPasswordException: Password does not conform to policy: Password not long enough"
        );
        let mut nameless = answer(&client, &posed, NEW);
        nameless["ChallengeResponses"].as_object_mut().unwrap().remove("userAttributes.name");
        assert!(
            world
                .refused("RespondToAuthChallenge", nameless)
                .await
                .contains("name: The attribute is required")
        );
        let mut verified = answer(&client, &posed, NEW);
        verified["ChallengeResponses"]["userAttributes.email_verified"] = json!("true");
        assert!(
            world.refused("RespondToAuthChallenge", verified).await.starts_with("NotAuthorizedException")
        );

        let signed_in = world.ok("RespondToAuthChallenge", answer(&client, &posed, NEW)).await;
        assert_eq!(claims(&signed_in["AuthenticationResult"]["IdToken"])["name"], "Anna");
        assert_eq!(world.user(&pool, "anna").await.value.status, UserStatus::Confirmed);
        assert!(
            world
                .refused("RespondToAuthChallenge", answer(&client, &posed, NEW))
                .await
                .starts_with("NotAuthorizedException: Invalid session")
        );
        world.srp(&client, "anna", NEW).await.unwrap();
    }

    #[tokio::test]
    async fn a_session_answers_for_its_own_user() {
        let world = World::new().await;
        let (_, client, posed) = invited(&world).await;
        world.join_named(&client, "bert").await;
        let mut as_bert = answer(&client, &posed, NEW);
        as_bert["ChallengeResponses"]["USERNAME"] = json!("bert");
        assert_eq!(
            world.refused("RespondToAuthChallenge", as_bert).await,
            "NotAuthorizedException: Invalid session for the user."
        );
        let mut mfa = answer(&client, &posed, NEW);
        mfa["ChallengeName"] = json!("SOFTWARE_TOKEN_MFA");
        assert_eq!(
            world.refused("RespondToAuthChallenge", mfa).await,
            "NotAuthorizedException: Invalid session for the user."
        );
        let mut without = answer(&client, &posed, NEW);
        without.as_object_mut().unwrap().remove("Session");
        assert_eq!(
            world.refused("RespondToAuthChallenge", without).await,
            "InvalidParameterException: Missing required parameter Session"
        );
    }

    #[tokio::test]
    async fn a_temporary_password_goes_stale() {
        let world = World::new().await;
        let (_, client, posed) = invited(&world).await;
        world.clock.pass_seconds(7 * 86_400);
        assert_eq!(
            world.password_auth(&client, "anna", PASSWORD).await.unwrap_err().message,
            "Temporary password has expired and must be reset by an administrator."
        );
        assert!(
            world
                .refused("RespondToAuthChallenge", answer(&client, &posed, NEW))
                .await
                .contains("session is expired")
        );
    }
}
