//! GetUserAttributeVerificationCode: a code to verify an address of one's own with.

use base::Caller;
use facts::cognito_idp::{
    GetUserAttributeVerificationCodeError, GetUserAttributeVerificationCodeRequest,
    GetUserAttributeVerificationCodeResponse,
};

use super::verify_user_attribute::purpose_of;
use crate::{
    codes,
    messages::{self, Occasion},
    raise::{Raise, invalid},
    rows::CodeRow,
    service::Service,
    tokens::access,
};

pub async fn get_user_attribute_verification_code(
    service: &Service,
    _caller: &Caller,
    input: GetUserAttributeVerificationCodeRequest,
) -> Result<GetUserAttributeVerificationCodeResponse, Raise<GetUserAttributeVerificationCodeError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let (pool, user) = (&holder.pool, &holder.user.value);
    let attribute = input.attribute_name.as_str();
    let Some(purpose) = purpose_of(attribute) else {
        return Err(invalid("Attribute cannot be verified, only email and phone_number can."));
    };
    let Some(mut channel) = messages::channel_for(user, attribute) else {
        return Err(invalid(format!("User has no {attribute} to send a code to.")));
    };
    let key = purpose.key(&user.sub);
    // A new address that waits for its code is the one that is meant.
    if pool.verifies_before_update(attribute)
        && let Some(waiting) = service.store.get::<CodeRow>(pool.id(), &key).await?
        && !waiting.value.hash.is_empty()
    {
        channel.to = waiting.value.destination;
    }
    let metadata = input.client_metadata.unwrap_or_default();
    let code = messages::fresh_code(service);
    let occasion = Occasion::verify_attribute(channel.attribute, &metadata);
    let client = Some(holder.client.as_ref());
    let message = messages::compose(service, pool, client, user, &channel.to, &code, occasion).await?;
    service
        .store
        .decide(async || {
            let before = service.store.get::<CodeRow>(pool.id(), &key).await?;
            let row = before.as_ref().map(|row| &row.value);
            let sent = codes::sent(row, pool, &user.sub, purpose, &channel.to, &code, service.clock.now())?;
            let batch = message.write(codes::write(before.as_ref(), &sent));
            Ok::<_, Raise<GetUserAttributeVerificationCodeError>>((batch, ()))
        })
        .await?;
    service.outbox.hurry();
    Ok(GetUserAttributeVerificationCodeResponse { code_delivery_details: Some(messages::details(&channel)) })
}
