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
