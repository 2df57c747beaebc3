//! GlobalSignOut: every sign-in of one's own ends, everywhere.

use base::Caller;
use facts::cognito_idp::{GlobalSignOutError, GlobalSignOutRequest, GlobalSignOutResponse};

use crate::{
    raise::Raise,
    service::Service,
    tokens::{self, access},
};

pub async fn global_sign_out(
    service: &Service,
    _caller: &Caller,
    input: GlobalSignOutRequest,
) -> Result<GlobalSignOutResponse, Raise<GlobalSignOutError>> {
    let holder = access::authorize_or_gone(service, &input.access_token).await?;
    tokens::revoke_all(service, &holder.user).await?;
    Ok(GlobalSignOutResponse::default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::World;

    #[tokio::test]
    async fn every_sign_in_ends_and_a_new_one_is_good() {
        let world = World::new().await;
        let pool = world.pool(|_| {}).await;
        let client = world.client(&pool, |_| {}).await;
        let unrevocable = world.client(&pool, |client| client.enable_token_revocation = Some(false)).await;
        world.join(&client, "anna").await;
        let first = world.tokens(&client, "anna").await;
        let second = world.tokens(&unrevocable, "anna").await;
        world.clock.pass_seconds(1);
        assert_eq!(
            world.ok("GlobalSignOut", json!({ "AccessToken": first["AccessToken"] })).await,
            json!({})
        );
        for tokens in [&first, &second] {
            assert_eq!(
                world.refused("GetUser", json!({ "AccessToken": tokens["AccessToken"] })).await,
                "NotAuthorizedException: Access Token has been revoked"
            );
        }
        for (client, tokens) in [(&client, &first), (&unrevocable, &second)] {
            let refresh = json!({
                "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client,
                "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
            });
            assert_eq!(
                world.refused("InitiateAuth", refresh).await,
                "NotAuthorizedException: Refresh Token has been revoked"
            );
        }
        for client in [&client, &unrevocable] {
            let token = world.tokens(client, "anna").await["AccessToken"].clone();
            world.ok("GetUser", json!({ "AccessToken": token })).await;
        }
    }
}
