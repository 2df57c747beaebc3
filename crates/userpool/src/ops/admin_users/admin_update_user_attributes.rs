//! AdminUpdateUserAttributes: an administrator writes what the pool knows of someone.

use base::Caller;
use facts::cognito_idp::{
    AdminUpdateUserAttributesError, AdminUpdateUserAttributesRequest, AdminUpdateUserAttributesResponse,
};

use super::change;
use crate::{attributes, raise::Raise, service::Service};

pub async fn admin_update_user_attributes(
    service: &Service,
    _caller: &Caller,
    input: AdminUpdateUserAttributesRequest,
) -> Result<AdminUpdateUserAttributesResponse, Raise<AdminUpdateUserAttributesError>> {
    let given = attributes::given(Some(&input.user_attributes));
    change::<AdminUpdateUserAttributesError, _>(
        service,
        &input.user_pool_id,
        &input.username,
        |taken| taken.exception().into(),
        |pool, user| {
            attributes::write_by_admin(pool, user, &given)?;
            Ok(())
        },
    )
    .await?;
    Ok(AdminUpdateUserAttributesResponse::default())
}
