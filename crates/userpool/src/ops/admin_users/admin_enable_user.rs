//! AdminEnableUser: someone who was disabled may come in again.

use base::Caller;
use facts::cognito_idp::{AdminEnableUserError, AdminEnableUserRequest, AdminEnableUserResponse};

use super::{change, never};
use crate::{raise::Raise, service::Service};

pub async fn admin_enable_user(
    service: &Service,
    _caller: &Caller,
    input: AdminEnableUserRequest,
) -> Result<AdminEnableUserResponse, Raise<AdminEnableUserError>> {
    change::<AdminEnableUserError, _>(service, &input.user_pool_id, &input.username, never, |_, user| {
        user.enabled = true;
        Ok(())
    })
    .await?;
    Ok(AdminEnableUserResponse::default())
}
