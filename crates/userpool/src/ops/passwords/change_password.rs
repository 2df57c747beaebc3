//! ChangePassword: a new password by someone who is signed in and knows the old one.

use base::Caller;
use facts::cognito_idp::{ChangePasswordError, ChangePasswordRequest, ChangePasswordResponse};
use store::Batch;

use crate::{
    flows::lockout::{self, Told},
    passwords,
    raise::{InvalidPasswordException, LimitExceededException, Raise, not_authorized},
    service::Service,
    tokens::access,
};

pub async fn change_password(
    service: &Service,
    _caller: &Caller,
    input: ChangePasswordRequest,
) -> Result<ChangePasswordResponse, Raise<ChangePasswordError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let (pool, user) = (&holder.pool, &holder.user);
    // Whoever found an unlocked screen guesses here as they would at the door.
    let key = lockout::key(pool, &user.value.username_key);
    let attempts = lockout::read(&service.store, pool, key).await?;
    let exceeded =
        || LimitExceededException(String::from("Attempt limit exceeded, please try after some time."));
    if attempts.is_locked(service.clock.now()) {
        return Err(exceeded().into());
    }
    if user.value.verifier.is_some() {
        let previous = input.previous_password.unwrap_or_default();
        if !passwords::matches(service, pool, &user.value, &previous).await? {
            return Err(match lockout::failed(service, pool, &attempts.key, &Batch::new()).await? {
                Told::Wrong => not_authorized("Incorrect username or password."),
                Told::Locked => exceeded().into(),
            });
        }
    }
    if let Some(complaint) = passwords::complaint(&pool.password_policy(), &input.proposed_password) {
        let message = format!("Password does not conform to policy: {complaint}");
        return Err(InvalidPasswordException(message).into());
    }
    passwords::was_used(service, pool, &user.value, &input.proposed_password).await?;
    let kept =
        passwords::keep(service, pool, &user.value.username, &user.value.sub, &input.proposed_password)
            .await?;
    let mut after = user.value.clone();
    passwords::set(service, pool, &mut after, kept);
    after.modified_at = service.clock.now();
    service.store.commit(attempts.cleared(Batch::new().replace(user, &after))).await?;
    Ok(ChangePasswordResponse::default())
}
