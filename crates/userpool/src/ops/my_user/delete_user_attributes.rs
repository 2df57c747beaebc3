//! DeleteUserAttributes: someone takes back what they told.

use base::Caller;
use facts::cognito_idp::{
    DeleteUserAttributesError, DeleteUserAttributesRequest, DeleteUserAttributesResponse,
};
use store::Batch;

use crate::{attributes, raise::Raise, service::Service, tokens::access, users::aliases};

pub async fn delete_user_attributes(
    service: &Service,
    _caller: &Caller,
    input: DeleteUserAttributesRequest,
) -> Result<DeleteUserAttributesResponse, Raise<DeleteUserAttributesError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let mut after = holder.user.value.clone();
    attributes::remove_by_client(&holder.pool, &holder.client, &mut after, &input.user_attribute_names)?;
    after.modified_at = service.clock.now();
    let change = aliases::change(&holder.pool, Some(&holder.user.value), Some(&after));
    service.store.commit(change.write(Batch::new().replace(&holder.user, &after))).await?;
    Ok(DeleteUserAttributesResponse::default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::test_support::World;

    #[tokio::test]
    async fn what_is_required_or_signed_in_by_stays() {
        let world = World::new().await;
        let pool = world.pool(|pool| pool.username_attributes = Some(vec![String::from("email")])).await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna@example.com").await;
        world
            .change_user(&pool, "anna@example.com", |user| {
                user.attributes.insert(String::from("name"), String::from("Anna"));
            })
            .await;
        let token = world.tokens(&client, "anna@example.com").await["AccessToken"].clone();
        let input = |name: &str| json!({ "AccessToken": token, "UserAttributeNames": [name] });
        world.ok("DeleteUserAttributes", input("name")).await;
        assert_eq!(world.user(&pool, "anna@example.com").await.value.attribute("name"), None);
        assert!(
            world
                .refused("DeleteUserAttributes", input("email"))
                .await
                .starts_with("InvalidParameterException")
        );
        assert!(
            world.refused("DeleteUserAttributes", input("sub")).await.starts_with("NotAuthorizedException")
        );
    }
}
