//! AdminDeleteUser: someone is gone, with all that was theirs.

use base::Caller;
use facts::{
    Empty,
    cognito_idp::{AdminDeleteUserError, AdminDeleteUserRequest},
};

use super::named;
use crate::{raise::Raise, service::Service, users};

pub async fn admin_delete_user(
    service: &Service,
    _caller: &Caller,
    input: AdminDeleteUserRequest,
) -> Result<Empty, Raise<AdminDeleteUserError>> {
    let (pool, user) = named::<AdminDeleteUserError>(service, &input.user_pool_id, &input.username).await?;
    users::delete(service, &pool, user).await?;
    Ok(Empty {})
}
