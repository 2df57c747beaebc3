//! InitiateAuth: an app begins to sign someone in.

use base::Caller;
use facts::cognito_idp::{InitiateAuthError, InitiateAuthRequest, InitiateAuthResponse};

use super::{
    answers::refused,
    opening::{self, Request},
};
use crate::{flows::DoorKind, raise::Raise, service::Service};

pub async fn initiate_auth(
    service: &Service,
    caller: &Caller,
    input: InitiateAuthRequest,
) -> Result<InitiateAuthResponse, Raise<InitiateAuthError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    let request = Request {
        door: DoorKind::Api,
        source_ip: caller.source_ip.clone(),
        auth_flow: input.auth_flow,
        parameters: input.auth_parameters.unwrap_or_default(),
        client_metadata: input.client_metadata.unwrap_or_default(),
    };
    let step = opening::begin(service, &pool, &client, request).await.map_err(refused)?;
    Ok(step.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{PASSWORD, World, claims, secret_hash};

    #[tokio::test]
    async fn a_password_signs_in_and_the_tokens_say_who() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        let sub = world.join(&client, "anna").await;
        let answer = world.password_auth(&client, "anna", PASSWORD).await.unwrap();
        assert_eq!(answer["ChallengeParameters"], json!({}));
        let result = &answer["AuthenticationResult"];
        assert_eq!((&result["TokenType"], &result["ExpiresIn"]), (&json!("Bearer"), &json!(3600)));
        assert_eq!(result["RefreshToken"].as_str().unwrap().split('.').count(), 5);

        let mut id = claims(&result["IdToken"]);
        let mut access = claims(&result["AccessToken"]);
        let now = 1_750_000_000;
        for name in ["jti", "event_id", "origin_jti"] {
            assert_eq!(id[name].as_str().unwrap().len(), 36);
        }
        assert_eq!(id["event_id"], access["event_id"]);
        assert_eq!(id["origin_jti"], access["origin_jti"]);
        assert_ne!(id["jti"], access["jti"]);
        for claims in [&mut id, &mut access] {
            for name in ["jti", "event_id", "origin_jti"] {
                claims.remove(name);
            }
        }
        let issuer = format!("http://localhost:4747/{pool}");
        assert_eq!(
            json!(id),
            json!({
                "sub": sub, "email": "anna@example.com", "email_verified": true, "iss": issuer,
                "cognito:username": "anna", "aud": client, "token_use": "id",
                "auth_time": now, "exp": now + 3600, "iat": now,
            })
        );
        assert_eq!(
            json!(access),
            json!({
                "sub": sub, "iss": issuer, "client_id": client, "token_use": "access",
                "scope": "aws.cognito.signin.user.admin", "auth_time": now, "exp": now + 3600, "iat": now,
                "username": "anna",
            })
        );
        for (name, token_use) in [("IdToken", "id"), ("AccessToken", "access")] {
            let verified = world.pools.tokens().verify(&pool, result[name].as_str().unwrap()).await.unwrap();
            assert_eq!(verified.token_use, token_use);
        }
    }

    #[tokio::test]
    async fn a_client_opens_the_flows_that_it_lists() {
        let world = World::new().await;
        let pool = world.pool(|_| {}).await;
        let only_refresh = world
            .client(&pool, |client| {
                client.explicit_auth_flows = Some(vec![String::from("ALLOW_REFRESH_TOKEN_AUTH")]);
            })
            .await;
        let attempt = |flow: &str| {
            json!({
                "AuthFlow": flow, "ClientId": only_refresh,
                "AuthParameters": { "USERNAME": "anna", "PASSWORD": PASSWORD, "SRP_A": "5" },
            })
        };
        for (flow, words) in [
            ("USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH flow not enabled for this client"),
            ("USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
            ("CUSTOM_AUTH", "CUSTOM_AUTH is not enabled for the client."),
            ("ADMIN_USER_PASSWORD_AUTH", "Initiate Auth method not supported."),
        ] {
            assert_eq!(
                world.refused("InitiateAuth", attempt(flow)).await,
                format!("InvalidParameterException: {words}")
            );
        }
        assert_eq!(
            world
                .refused(
                    "InitiateAuth",
                    json!({ "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": only_refresh })
                )
                .await,
            "InvalidParameterException: Missing required parameter USERNAME"
        );
    }

    #[tokio::test]
    async fn an_address_signs_in_where_it_is_a_username_or_a_verified_alias() {
        let world = World::new().await;
        let by_email = world
            .pool(|pool| {
                pool.username_attributes = Some(vec![String::from("email")]);
                pool.username_configuration =
                    Some(facts::cognito_idp::UsernameConfigurationType { case_sensitive: false });
            })
            .await;
        let client = world.client(&by_email, |_| {}).await;
        world.join(&client, "anna@example.com").await;
        world.srp(&client, "ANNA@example.com", PASSWORD).await.unwrap();
        world.password_auth(&client, "Anna@Example.Com", PASSWORD).await.unwrap();

        let by_alias = world.pool(|pool| pool.alias_attributes = Some(vec![String::from("email")])).await;
        let client = world.client(&by_alias, |_| {}).await;
        world.join(&client, "anna").await;
        world.srp(&client, "anna@example.com", PASSWORD).await.unwrap();
        world.srp(&client, "anna", PASSWORD).await.unwrap();
        // Cases count where the pool does not say otherwise.
        assert!(world.srp(&client, "Anna", PASSWORD).await.is_err());
    }

    #[tokio::test]
    async fn a_secret_hash_is_checked_at_every_step() {
        let world = World::new().await;
        let pool = world.pool(|_| {}).await;
        let open = world.client(&pool, |_| {}).await;
        let client = world.secret_client(&pool, "s3cret").await;
        world.join(&open, "anna").await;
        let mut input = json!({
            "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": client,
            "AuthParameters": { "USERNAME": "anna", "PASSWORD": PASSWORD },
        });
        assert!(world.refused("InitiateAuth", input.clone()).await.contains("SECRET_HASH was not received"));
        input["AuthParameters"]["SECRET_HASH"] = json!(secret_hash("other", "anna", &client));
        assert!(world.refused("InitiateAuth", input.clone()).await.contains("Unable to verify secret hash"));
        input["AuthParameters"]["SECRET_HASH"] = json!(secret_hash("s3cret", "anna", &client));
        let tokens = world.ok("InitiateAuth", input).await["AuthenticationResult"].clone();
        let mut refresh = json!({
            "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client,
            "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
        });
        assert!(
            world.refused("InitiateAuth", refresh.clone()).await.contains("SECRET_HASH was not received")
        );
        refresh["AuthParameters"]["SECRET_HASH"] = json!(secret_hash("s3cret", "anna", &client));
        world.ok("InitiateAuth", refresh).await;
    }

    #[tokio::test]
    async fn a_refresh_gives_new_tokens_of_the_same_sign_in() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        world.join(&client, "anna").await;
        let first = world.tokens(&client, "anna").await;
        world.clock.pass_seconds(4000);
        let input = json!({
            "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client,
            "AuthParameters": { "REFRESH_TOKEN": first["RefreshToken"] },
        });
        let again = world.ok("InitiateAuth", input.clone()).await["AuthenticationResult"].clone();
        assert_eq!(again.get("RefreshToken"), None);
        let (old, new) = (claims(&first["AccessToken"]), claims(&again["AccessToken"]));
        for same in ["origin_jti", "auth_time", "event_id", "sub"] {
            assert_eq!(old[same], new[same]);
        }
        assert_ne!(old["jti"], new["jti"]);
        assert_eq!(new["iat"].as_i64().unwrap(), old["iat"].as_i64().unwrap() + 4000);

        let other = world.client(&pool, |_| {}).await;
        let mut stolen = input.clone();
        stolen["ClientId"] = json!(other);
        assert_eq!(
            world.refused("InitiateAuth", stolen).await,
            "NotAuthorizedException: Invalid Refresh Token"
        );
        world.change_user(&pool, "anna", |user| user.enabled = false).await;
        assert_eq!(
            world.refused("InitiateAuth", input.clone()).await,
            "NotAuthorizedException: User is disabled."
        );
        world.change_user(&pool, "anna", |user| user.enabled = true).await;
        world.clock.pass_seconds(30 * 86_400);
        assert_eq!(
            world.refused("InitiateAuth", input).await,
            "NotAuthorizedException: Refresh Token has expired"
        );
    }

    #[tokio::test]
    async fn triggers_are_asked_in_order() {
        let world = World::new().await;
        let arn = world.functions.add("any", |mut event| {
            if event["triggerSource"] == "TokenGeneration_Authentication" {
                event["response"] = json!({ "claimsOverrideDetails": {
                    "claimsToAddOrOverride": { "tenant": "t1", "sub": "someone else" },
                    "claimsToSuppress": ["email"],
                    "groupOverrideDetails": { "groupsToOverride": ["admins"] },
                } });
            }
            Ok(event)
        });
        let pool = world
            .pool(|pool| {
                pool.lambda_config = Some(facts::cognito_idp::LambdaConfigType {
                    pre_authentication: Some(arn.clone()),
                    post_authentication: Some(arn.clone()),
                    pre_token_generation: Some(arn),
                    ..Default::default()
                });
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        let sub = world.join(&client, "anna").await;
        let tokens = world.tokens(&client, "anna").await;
        assert_eq!(
            world.functions.sources(),
            [
                "PreAuthentication_Authentication",
                "PostAuthentication_Authentication",
                "TokenGeneration_Authentication"
            ]
        );
        let id = claims(&tokens["IdToken"]);
        assert_eq!((&id["tenant"], &id["sub"]), (&json!("t1"), &json!(sub)));
        assert_eq!(id["cognito:groups"], json!(["admins"]));
        assert_eq!(id.get("email"), None);
        assert_eq!(claims(&tokens["AccessToken"])["cognito:groups"], json!(["admins"]));
    }
}
