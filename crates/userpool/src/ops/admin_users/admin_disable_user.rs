//! AdminDisableUser: someone may not come in, and whoever is in under their name is out.

use base::Caller;
use facts::cognito_idp::{AdminDisableUserError, AdminDisableUserRequest, AdminDisableUserResponse};

use super::{change, never};
use crate::{raise::Raise, service::Service, tokens};

pub async fn admin_disable_user(
    service: &Service,
    _caller: &Caller,
    input: AdminDisableUserRequest,
) -> Result<AdminDisableUserResponse, Raise<AdminDisableUserError>> {
    let after = change::<AdminDisableUserError, _>(
        service,
        &input.user_pool_id,
        &input.username,
        never,
        |_, user| {
            user.enabled = false;
            user.tokens_valid_after = service.clock.now();
            Ok(())
        },
    )
    .await?;
    tokens::forget_families(service, &input.user_pool_id, &after.sub).await?;
    Ok(AdminDisableUserResponse::default())
}
