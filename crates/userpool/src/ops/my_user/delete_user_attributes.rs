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
