//! AdminUserGlobalSignOut: every sign-in of someone ends, everywhere.

use base::Caller;
use facts::cognito_idp::{
    AdminUserGlobalSignOutError, AdminUserGlobalSignOutRequest, AdminUserGlobalSignOutResponse,
};

use super::named;
use crate::{raise::Raise, service::Service, tokens};

pub async fn admin_user_global_sign_out(
    service: &Service,
    _caller: &Caller,
    input: AdminUserGlobalSignOutRequest,
) -> Result<AdminUserGlobalSignOutResponse, Raise<AdminUserGlobalSignOutError>> {
    let (_, user) =
        named::<AdminUserGlobalSignOutError>(service, &input.user_pool_id, &input.username).await?;
    tokens::revoke_all(service, &user).await?;
    Ok(AdminUserGlobalSignOutResponse::default())
}
