//! AdminDeleteUserAttributes: an administrator takes away what the pool knows of someone.

use base::Caller;
use facts::cognito_idp::{
    AdminDeleteUserAttributesError, AdminDeleteUserAttributesRequest, AdminDeleteUserAttributesResponse,
};

use super::{change, never};
use crate::{attributes, raise::Raise, service::Service};

pub async fn admin_delete_user_attributes(
    service: &Service,
    _caller: &Caller,
    input: AdminDeleteUserAttributesRequest,
) -> Result<AdminDeleteUserAttributesResponse, Raise<AdminDeleteUserAttributesError>> {
    change::<AdminDeleteUserAttributesError, _>(
        service,
        &input.user_pool_id,
        &input.username,
        never,
        |pool, user| {
            attributes::remove_by_admin(pool, user, &input.user_attribute_names)?;
            Ok(())
        },
    )
    .await?;
    Ok(AdminDeleteUserAttributesResponse::default())
}
