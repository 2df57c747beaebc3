//! GetTokensFromRefreshToken: new tokens for an old sign-in; the only way for clients that rotate refresh tokens.

use base::Caller;
use facts::cognito_idp::{
    GetTokensFromRefreshTokenError, GetTokensFromRefreshTokenRequest, GetTokensFromRefreshTokenResponse,
};

use super::answers::{refused, result};
use crate::{
    raise::{Raise, not_authorized},
    service::Service,
    tokens::{self, Refreshing},
};

pub async fn get_tokens_from_refresh_token(
    service: &Service,
    _caller: &Caller,
    input: GetTokensFromRefreshTokenRequest,
) -> Result<GetTokensFromRefreshTokenResponse, Raise<GetTokensFromRefreshTokenError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    if client.is_confidential() && !client.secret_is(input.client_secret.as_deref().unwrap_or_default()) {
        return Err(not_authorized(format!("Unable to verify the secret of client {}", client.id())));
    }
    let refreshing = Refreshing {
        pool: &pool,
        client: &client,
        token: &input.refresh_token,
        client_metadata: &input.client_metadata.unwrap_or_default(),
        check_user: &|_| Ok(()),
    };
    let issued = tokens::refresh(service, refreshing).await.map_err(refused)?;
    Ok(GetTokensFromRefreshTokenResponse { authentication_result: Some(result(issued)) })
}

#[cfg(test)]
mod tests {
    use facts::cognito_idp::RefreshTokenRotationType;
    use serde_json::{Value, json};

    use crate::test_support::World;

    async fn rotating(world: &World, grace: i64) -> String {
        let pool = world.pool(|_| {}).await;
        let change = |client: &mut facts::cognito_idp::UserPoolClientType| {
            client.refresh_token_rotation = Some(RefreshTokenRotationType {
                feature: String::from("ENABLED"),
                retry_grace_period_seconds: Some(grace),
            });
        };
        world.client(&pool, change).await
    }

    fn input(client: &str, token: &Value) -> Value {
        json!({ "ClientId": client, "RefreshToken": token })
    }

    #[tokio::test]
    async fn each_use_gives_the_next_token_and_a_second_use_ends_the_family() {
        let world = World::new().await;
        let client = rotating(&world, 0).await;
        world.join(&client, "anna").await;
        let first = world.tokens(&client, "anna").await["RefreshToken"].clone();
        let answer = world.ok("GetTokensFromRefreshToken", input(&client, &first)).await;
        let second = answer["AuthenticationResult"]["RefreshToken"].clone();
        assert_ne!(first, second);
        let answer = world.ok("GetTokensFromRefreshToken", input(&client, &second)).await;
        let third = answer["AuthenticationResult"].clone();
        assert!(
            world
                .refused("GetTokensFromRefreshToken", input(&client, &first))
                .await
                .starts_with("RefreshTokenReuseException")
        );
        // Whoever has the newest one may be the thief: it is over for both.
        assert_eq!(
            world.refused("GetTokensFromRefreshToken", input(&client, &third["RefreshToken"])).await,
            "NotAuthorizedException: Refresh Token has been revoked"
        );
        assert_eq!(
            world.refused("GetUser", json!({ "AccessToken": third["AccessToken"] })).await,
            "NotAuthorizedException: Access Token has been revoked"
        );
    }

    #[tokio::test]
    async fn within_its_grace_a_retry_is_answered() {
        let world = World::new().await;
        let client = rotating(&world, 30).await;
        world.join(&client, "anna").await;
        let first = world.tokens(&client, "anna").await["RefreshToken"].clone();
        world.ok("GetTokensFromRefreshToken", input(&client, &first)).await;
        world.clock.pass_seconds(29);
        let retried = world.ok("GetTokensFromRefreshToken", input(&client, &first)).await;
        let newest = retried["AuthenticationResult"]["RefreshToken"].clone();
        world.ok("GetTokensFromRefreshToken", input(&client, &newest)).await;
        world.clock.pass_seconds(1);
        assert!(
            world
                .refused("GetTokensFromRefreshToken", input(&client, &first))
                .await
                .starts_with("RefreshTokenReuseException")
        );
    }

    #[tokio::test]
    async fn of_two_at_once_one_advances_the_family() {
        let world = World::new().await;
        let client = rotating(&world, 0).await;
        world.join(&client, "anna").await;
        let first = world.tokens(&client, "anna").await["RefreshToken"].clone();
        let (one, two) = tokio::join!(
            world.call("GetTokensFromRefreshToken", input(&client, &first)),
            world.call("GetTokensFromRefreshToken", input(&client, &first)),
        );
        assert!(!(one.is_ok() && two.is_ok()), "spent twice");
    }

    #[tokio::test]
    async fn a_client_that_does_not_rotate_keeps_its_token() {
        let world = World::new().await;
        let (_, client) = world.plain().await;
        world.join(&client, "anna").await;
        let token = world.tokens(&client, "anna").await["RefreshToken"].clone();
        for _ in 0..2 {
            let answer = world.ok("GetTokensFromRefreshToken", input(&client, &token)).await;
            assert_eq!(answer["AuthenticationResult"].get("RefreshToken"), None);
        }
        let rotating = rotating(&world, 0).await;
        assert_eq!(
            world.refused("GetTokensFromRefreshToken", input(&rotating, &token)).await,
            "NotAuthorizedException: Invalid Refresh Token"
        );
    }
}
