//! DeleteUser: someone leaves the pool.

use base::Caller;
use facts::{
    Empty,
    cognito_idp::{DeleteUserError, DeleteUserRequest},
};

use crate::{raise::Raise, service::Service, tokens::access, users};

pub async fn delete_user(
    service: &Service,
    _caller: &Caller,
    input: DeleteUserRequest,
) -> Result<Empty, Raise<DeleteUserError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    users::delete(service, &holder.pool, holder.user).await?;
    Ok(Empty {})
}
