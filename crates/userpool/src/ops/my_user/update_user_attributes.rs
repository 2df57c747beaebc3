//! UpdateUserAttributes: someone changes what the pool knows of them. A new address is verified by a code, and where the
//! pool says so, the old one stays until then.

use base::Caller;
use facts::cognito_idp::{
    UpdateUserAttributesError, UpdateUserAttributesRequest, UpdateUserAttributesResponse,
};
use store::Batch;

use crate::{
    attributes, codes,
    messages::{self, Channel, Occasion},
    raise::{Raise, UserNotFoundException},
    rows::{CodePurpose, CodeRow, UserRow},
    service::Service,
    tokens::access,
    users::aliases,
};

pub async fn update_user_attributes(
    service: &Service,
    _caller: &Caller,
    input: UpdateUserAttributesRequest,
) -> Result<UpdateUserAttributesResponse, Raise<UpdateUserAttributesError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let (pool, client, before) = (&holder.pool, &holder.client, &holder.user.value);
    let given = attributes::given(Some(&input.user_attributes));
    // Checked as a whole first: what waits for a code must be allowed too.
    attributes::write_by_client(pool, client, &mut before.clone(), &given)?;

    let changed = |name: &str| given.get(name).filter(|value| before.attribute(name) != Some(value.as_str()));
    let mut at_once = given.clone();
    let mut sending = Vec::new();
    for (attribute, purpose) in
        [("email", CodePurpose::VerifyEmail), ("phone_number", CodePurpose::VerifyPhoneNumber)]
    {
        let Some(value) = changed(attribute).filter(|value| !value.is_empty()) else { continue };
        if pool.verifies_before_update(attribute) {
            at_once.remove(attribute);
        }
        if pool.is_auto_verified(attribute) || pool.verifies_before_update(attribute) {
            let metadata = input.client_metadata.clone().unwrap_or_default();
            let channel = Channel { attribute, to: value.clone() };
            sending.push((channel, purpose, messages::fresh_code(service), metadata));
        }
    }
    let mut composed = Vec::with_capacity(sending.len());
    for (channel, _, code, metadata) in &sending {
        let occasion = Occasion::update_attribute(channel.attribute, metadata);
        composed
            .push(messages::compose(service, pool, Some(client), before, &channel.to, code, occasion).await?);
    }
    service
        .store
        .decide(async || {
            let user = service.store.get::<UserRow>(pool.id(), &before.username_key).await?;
            let Some(user) = user.filter(|user| user.value.sub == before.sub) else {
                return Err(UserNotFoundException(String::from("User does not exist.")).into());
            };
            let mut after = user.value.clone();
            attributes::write_by_client(pool, client, &mut after, &at_once)?;
            after.modified_at = service.clock.now();
            let change = aliases::change(pool, Some(&user.value), Some(&after));
            if let Some(taken) = change.taken(&service.store).await? {
                return Err(taken.exception().into());
            }
            let mut batch = change.write(Batch::new().replace(&user, &after));
            for ((channel, purpose, code, _), message) in sending.iter().zip(&composed) {
                let row = service.store.get::<CodeRow>(pool.id(), &purpose.key(&after.sub)).await?;
                let was = row.as_ref().map(|row| &row.value);
                let sent =
                    codes::sent(was, pool, &after.sub, *purpose, &channel.to, code, service.clock.now());
                // The operation lists no LimitExceededException: the change stands, and no further code is sent.
                if let Ok(sent) = sent {
                    batch = message.write(batch.and(codes::write(row.as_ref(), &sent)));
                }
            }
            Ok::<_, Raise<UpdateUserAttributesError>>((batch, ()))
        })
        .await?;
    service.outbox.hurry();
    let details: Vec<_> = sending.iter().map(|(channel, ..)| messages::details(channel)).collect();
    Ok(UpdateUserAttributesResponse { code_delivery_details_list: Some(details) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::test_support::World;

    fn update(token: &Value, name: &str, value: &str) -> Value {
        json!({ "AccessToken": token, "UserAttributes": [{ "Name": name, "Value": value }] })
    }

    #[tokio::test]
    async fn a_new_address_is_unverified_until_its_code_comes_back() {
        let world = World::new().await;
        let pool = world.pool(|pool| pool.alias_attributes = Some(vec![String::from("email")])).await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna").await;
        let token = world.tokens(&client, "anna").await["AccessToken"].clone();
        let answer = world.ok("UpdateUserAttributes", update(&token, "email", "new@example.org")).await;
        assert_eq!(
            answer["CodeDeliveryDetailsList"],
            json!([{ "AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "n***@e***" }])
        );
        let user = world.user(&pool, "anna").await.value;
        assert_eq!(user.attribute("email"), Some("new@example.org"));
        assert!(!user.is_verified("email"));
        // Neither the old address nor the new one signs in now.
        for name in ["anna@example.com", "new@example.org"] {
            assert!(world.srp(&client, name, crate::test_support::PASSWORD).await.is_err(), "{name}");
        }
        let code = world.code("new@example.org").await;
        world
            .ok(
                "VerifyUserAttribute",
                json!({ "AccessToken": token, "AttributeName": "email", "Code": code }),
            )
            .await;
        world.srp(&client, "new@example.org", crate::test_support::PASSWORD).await.unwrap();
    }

    #[tokio::test]
    async fn where_the_pool_says_so_the_old_address_stays_until_then() {
        let world = World::new().await;
        let pool = world
            .pool(|pool| {
                pool.username_attributes = Some(vec![String::from("email")]);
                pool.user_attribute_update_settings =
                    Some(facts::cognito_idp::UserAttributeUpdateSettingsType {
                        attributes_require_verification_before_update: Some(vec![String::from("email")]),
                    });
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna@example.com").await;
        let token = world.tokens(&client, "anna@example.com").await["AccessToken"].clone();
        world.ok("UpdateUserAttributes", update(&token, "email", "new@example.org")).await;
        let user = world.user(&pool, "anna@example.com").await.value;
        assert_eq!((user.attribute("email"), user.is_verified("email")), (Some("anna@example.com"), true));
        // The first message is out before there is a second: those that wait together are sent side by side.
        world.send().await;
        // Sent again, it still goes to the new one.
        let again = json!({ "AccessToken": token, "AttributeName": "email" });
        let answer = world.ok("GetUserAttributeVerificationCode", again).await;
        assert_eq!(answer["CodeDeliveryDetails"]["Destination"], "n***@e***");
        let code = world.code("new@example.org").await;
        world
            .ok(
                "VerifyUserAttribute",
                json!({ "AccessToken": token, "AttributeName": "email", "Code": code }),
            )
            .await;
        let user = world.user(&pool, "new@example.org").await.value;
        assert_eq!((user.attribute("email"), user.is_verified("email")), (Some("new@example.org"), true));
        let pool_row = world.pools.find_pool(&pool).await.unwrap().unwrap();
        let gone = crate::users::find(&world.store, &pool_row, "anna@example.com").await.unwrap();
        assert!(gone.is_none());
    }

    #[tokio::test]
    async fn nobody_takes_anothers_address_or_verifies_themselves() {
        let world = World::new().await;
        let pool = world
            .pool(|pool| {
                pool.username_attributes = Some(vec![String::from("email")]);
                let schema = pool.schema_attributes.as_mut().unwrap();
                schema.iter_mut().find(|a| a.name.as_deref() == Some("name")).unwrap().mutable = Some(false);
            })
            .await;
        let client = world.client(&pool, |_| {}).await;
        world.join(&client, "anna@example.com").await;
        world.join(&client, "bert@example.com").await;
        let token = world.tokens(&client, "bert@example.com").await["AccessToken"].clone();
        assert_eq!(
            world.refused("UpdateUserAttributes", update(&token, "email", "anna@example.com")).await,
            "AliasExistsException: An account with the email already exists."
        );
        for name in ["email_verified", "sub"] {
            assert_eq!(
                world.refused("UpdateUserAttributes", update(&token, name, "true")).await,
                "NotAuthorizedException: A client attempted to write unauthorized attribute"
            );
        }
        world.ok("UpdateUserAttributes", update(&token, "name", "Bert")).await;
        assert_eq!(
            world.refused("UpdateUserAttributes", update(&token, "name", "Anna")).await,
            "InvalidParameterException: user.name: Attribute cannot be updated.\n"
        );
    }
}
