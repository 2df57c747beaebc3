//! AdminSetUserPassword: a password that is good for ever, or until the next sign-in.

use base::Caller;
use facts::cognito_idp::{
    AdminSetUserPasswordError, AdminSetUserPasswordRequest, AdminSetUserPasswordResponse,
};
use store::{Batch, CommitError};

use super::named;
use crate::{
    passwords,
    raise::{InvalidPasswordException, Raise},
    rows::UserStatus,
    service::Service,
    users::aliases,
};

/// The verifier is worked out for the user that was read; where they changed meanwhile, for the changed one.
pub async fn admin_set_user_password(
    service: &Service,
    _caller: &Caller,
    input: AdminSetUserPasswordRequest,
) -> Result<AdminSetUserPasswordResponse, Raise<AdminSetUserPasswordError>> {
    let status = match input.permanent.unwrap_or(false) {
        true => UserStatus::Confirmed,
        false => UserStatus::ForceChangePassword,
    };
    loop {
        let (pool, before) =
            named::<AdminSetUserPasswordError>(service, &input.user_pool_id, &input.username).await?;
        if let Some(complaint) = passwords::complaint(&pool.password_policy(), &input.password) {
            let message = format!("Password does not conform to policy: {complaint}");
            return Err(InvalidPasswordException(message).into());
        }
        passwords::was_used(service, &pool, &before.value, &input.password).await?;
        let mut after = before.value.clone();
        let kept = passwords::keep(service, &pool, &after.username, &after.sub, &input.password).await?;
        passwords::set(service, &pool, &mut after, kept);
        after.status = status;
        after.modified_at = service.clock.now();
        let change = aliases::change(&pool, Some(&before.value), Some(&after));
        match service.store.commit(change.write(Batch::new().replace(&before, &after))).await {
            Ok(()) => return Ok(AdminSetUserPasswordResponse::default()),
            Err(CommitError::Conflict(at)) if at.key == before.value.username_key => {}
            Err(other) => return Err(other.into()),
        }
    }
}
