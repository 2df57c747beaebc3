//! DeleteUser: someone leaves the pool.

use base::Caller;
use facts::{
    Empty,
    cognito_idp::{DeleteUserError, DeleteUserRequest},
};

use crate::{raise::Raise, service::Service, tokens::access, users};

pub async fn delete_user(
    service: &Service,
    _caller: &Caller,
    input: DeleteUserRequest,
) -> Result<Empty, Raise<DeleteUserError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    users::delete(service, &holder.pool, holder.user).await?;
    Ok(Empty {})
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::Query;

    use crate::{
        rows::{AliasRow, CodeRow, RefreshFamilyRow, UserRow},
        test_support::World,
    };

    #[tokio::test]
    async fn nothing_is_left() {
        let world = World::new().await;
        let pool = world.pool(|pool| pool.alias_attributes = Some(vec![String::from("email")])).await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna").await;
        let tokens = world.tokens(&client, "anna").await;
        world.ok("ForgotPassword", json!({ "ClientId": client, "Username": "anna" })).await;
        assert_eq!(world.ok("DeleteUser", json!({ "AccessToken": tokens["AccessToken"] })).await, json!({}));
        assert!(world.store.query_all(Query::<UserRow>::in_partition(&pool)).await.unwrap().is_empty());
        assert!(world.store.query_all(Query::<AliasRow>::in_partition(&pool)).await.unwrap().is_empty());
        assert!(world.store.query_all(Query::<CodeRow>::in_partition(&pool)).await.unwrap().is_empty());
        assert!(
            world.store.query_all(Query::<RefreshFamilyRow>::in_partition(&pool)).await.unwrap().is_empty()
        );
        let refresh = json!({
            "AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": client,
            "AuthParameters": { "REFRESH_TOKEN": tokens["RefreshToken"] },
        });
        assert_eq!(
            world.refused("InitiateAuth", refresh).await,
            "NotAuthorizedException: Refresh Token has been revoked"
        );
    }
}
