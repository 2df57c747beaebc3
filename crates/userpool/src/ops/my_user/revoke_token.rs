//! RevokeToken: a refresh token, and every access token of its sign-in, ends.

use base::Caller;
use facts::cognito_idp::{RevokeTokenError, RevokeTokenRequest, RevokeTokenResponse};

use crate::{
    raise::{
        InvalidParameterException, Raise, UnauthorizedException, UnsupportedOperationException,
        UnsupportedTokenTypeException,
    },
    service::Service,
    tokens,
};

/// A token that is already revoked or expired is no error (RFC 7009, section 2.2).
pub async fn revoke_token(
    service: &Service,
    _caller: &Caller,
    input: RevokeTokenRequest,
) -> Result<RevokeTokenResponse, Raise<RevokeTokenError>> {
    let client = service.directory.find_client(&input.client_id).await?;
    let pool = match &client {
        Some(client) => service.directory.find_pool(&client.user_pool_id).await?,
        None => None,
    };
    let (Some(client), Some(pool)) = (client, pool) else {
        return Err(InvalidParameterException(String::from("Invalid client.")).into());
    };
    if client.is_confidential() && !client.secret_is(input.client_secret.as_deref().unwrap_or_default()) {
        return Err(UnauthorizedException(String::from("Invalid client secret.")).into());
    }
    if !client.revocation_enabled() {
        let message = String::from("Token revocation is not enabled for this client.");
        return Err(UnsupportedOperationException(message).into());
    }
    if !tokens::revoke(service, &pool, &client, &input.token).await? {
        return Err(UnsupportedTokenTypeException(String::from("Unsupported token type")).into());
    }
    Ok(RevokeTokenResponse::default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::World;

    #[tokio::test]
    async fn one_sign_in_ends_and_the_others_go_on() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        world.join(&client, "anna").await;
        let phone = world.tokens(&client, "anna").await;
        let desk = world.tokens(&client, "anna").await;
        let input = json!({ "ClientId": client, "Token": phone["RefreshToken"] });
        assert_eq!(world.ok("RevokeToken", input.clone()).await, json!({}));
        world.ok("RevokeToken", input.clone()).await;
        assert_eq!(
            world.refused("GetUser", json!({ "AccessToken": phone["AccessToken"] })).await,
            "NotAuthorizedException: Access Token has been revoked"
        );
        world.ok("GetUser", json!({ "AccessToken": desk["AccessToken"] })).await;

        assert_eq!(
            world.refused("RevokeToken", json!({ "ClientId": client, "Token": desk["AccessToken"] })).await,
            "UnsupportedTokenTypeException: Unsupported token type"
        );
        let other = world.client(&pool, |_| {}).await;
        assert_eq!(
            world.refused("RevokeToken", json!({ "ClientId": other, "Token": desk["RefreshToken"] })).await,
            "UnsupportedTokenTypeException: Unsupported token type"
        );
        let secret = world.secret_client(&pool, "s3cretS3cretS3cretS3cret12").await;
        let wrong = "wrongWrongWrongWrongWrong12";
        assert_eq!(
            world
                .refused(
                    "RevokeToken",
                    json!({ "ClientId": secret, "Token": desk["RefreshToken"], "ClientSecret": wrong })
                )
                .await,
            "UnauthorizedException: Invalid client secret."
        );
    }
}
