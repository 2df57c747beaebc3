//! GetUser: one's own attributes.

use base::Caller;
use facts::cognito_idp::{GetUserError, GetUserRequest, GetUserResponse};

use crate::{attributes, raise::Raise, service::Service, tokens::access, users};

pub async fn get_user(
    service: &Service,
    _caller: &Caller,
    input: GetUserRequest,
) -> Result<GetUserResponse, Raise<GetUserError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let user = &holder.user.value;
    let factors = users::factors(user);
    Ok(GetUserResponse {
        username: user.username.clone(),
        user_attributes: attributes::shown_to_client(&holder.client, user),
        preferred_mfa_setting: user.mfa.preferred.clone(),
        user_mfa_setting_list: (!factors.is_empty()).then_some(factors),
        ..GetUserResponse::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::{World, attributes_of};

    #[tokio::test]
    async fn shows_what_the_client_may_read() {
        let world = World::new().await;
        let pool = world.pool(|_| {}).await;
        let client = world.client(&pool, |_| {}).await;
        let narrow =
            world.client(&pool, |client| client.read_attributes = Some(vec![String::from("name")])).await;
        let sub = world.join(&client, "anna").await;
        world
            .change_user(&pool, "anna", |user| {
                user.attributes.insert(String::from("name"), String::from("Anna"));
            })
            .await;
        let token = world.tokens(&client, "anna").await["AccessToken"].clone();
        let answer = world.ok("GetUser", json!({ "AccessToken": token })).await;
        assert_eq!(answer["Username"], "anna");
        assert_eq!(answer["UserAttributes"][0], json!({ "Name": "sub", "Value": sub }));
        let attributes = attributes_of(&answer);
        assert_eq!(attributes["email_verified"], "true");
        let token = world.tokens(&narrow, "anna").await["AccessToken"].clone();
        let answer = world.ok("GetUser", json!({ "AccessToken": token })).await;
        assert_eq!(
            answer["UserAttributes"],
            json!([{ "Name": "sub", "Value": sub }, { "Name": "name", "Value": "Anna" }])
        );
    }

    #[tokio::test]
    async fn only_an_access_token_of_someone_who_is_here_and_enabled() {
        let world = World::new().await;
        let (pool, client) = world.plain().await;
        world.join(&client, "anna").await;
        let tokens = world.tokens(&client, "anna").await;
        assert_eq!(
            world.refused("GetUser", json!({ "AccessToken": tokens["IdToken"] })).await,
            "NotAuthorizedException: Invalid Access Token"
        );
        let input = json!({ "AccessToken": tokens["AccessToken"] });
        world.change_user(&pool, "anna", |user| user.enabled = false).await;
        assert_eq!(
            world.refused("GetUser", input.clone()).await,
            "NotAuthorizedException: User is disabled."
        );
        world.change_user(&pool, "anna", |user| user.enabled = true).await;
        world.ok("DeleteUser", input.clone()).await;
        assert_eq!(
            world.refused("GetUser", input.clone()).await,
            "UserNotFoundException: User does not exist."
        );
        // Someone else by the same name is someone else.
        world.join(&client, "anna").await;
        assert_eq!(world.refused("GetUser", input).await, "UserNotFoundException: User does not exist.");
    }
}
