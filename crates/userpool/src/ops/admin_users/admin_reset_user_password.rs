//! AdminResetUserPassword: the password is of no use any more; a code to set another goes to the user.

use base::Caller;
use facts::cognito_idp::{
    AdminResetUserPasswordError, AdminResetUserPasswordRequest, AdminResetUserPasswordResponse,
};
use store::Batch;

use super::named;
use crate::{
    codes,
    messages::{self, Occasion},
    raise::{Raise, UserNotFoundException, invalid, not_authorized},
    rows::{CodePurpose, CodeRow, UserRow, UserStatus},
    service::Service,
};

type Failure = Raise<AdminResetUserPasswordError>;

pub async fn admin_reset_user_password(
    service: &Service,
    _caller: &Caller,
    input: AdminResetUserPasswordRequest,
) -> Result<AdminResetUserPasswordResponse, Failure> {
    let (pool, found) =
        named::<AdminResetUserPasswordError>(service, &input.user_pool_id, &input.username).await?;
    let Ok(Some(channel)) = messages::recovery_channel(&pool, &found.value) else {
        return Err(invalid(
            "Cannot reset password for the user as there is no registered/verified email or phone_number",
        ));
    };
    if matches!(
        found.value.status,
        UserStatus::Unconfirmed | UserStatus::ForceChangePassword | UserStatus::ExternalProvider
    ) {
        return Err(not_authorized("User password cannot be reset in the current state."));
    }
    let metadata = input.client_metadata.unwrap_or_default();
    let code = messages::fresh_code(service);
    let occasion = Occasion::forgot_password(channel.attribute, &metadata);
    let message = messages::compose(service, &pool, None, &found.value, &channel.to, &code, occasion).await?;
    let purpose = CodePurpose::ForgotPassword;
    service
        .store
        .decide(async || {
            let user = service.store.get::<UserRow>(pool.id(), &found.value.username_key).await?;
            let Some(user) = user.filter(|user| user.value.sub == found.value.sub) else {
                return Err(UserNotFoundException(String::from("User does not exist.")).into());
            };
            let mut after = user.value.clone();
            after.status = UserStatus::ResetRequired;
            after.modified_at = service.clock.now();
            let row = service.store.get::<CodeRow>(pool.id(), &purpose.key(&after.sub)).await?;
            let was = row.as_ref().map(|row| &row.value);
            let sent = codes::sent(was, &pool, &after.sub, purpose, &channel.to, &code, service.clock.now())?;
            let batch = Batch::new().replace(&user, &after).and(codes::write(row.as_ref(), &sent));
            Ok::<_, Failure>((message.write(batch), ()))
        })
        .await?;
    service.outbox.hurry();
    Ok(AdminResetUserPasswordResponse::default())
}
