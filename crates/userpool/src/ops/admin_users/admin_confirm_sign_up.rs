//! AdminConfirmSignUp: someone is confirmed without a code; their address stays unverified.

use base::Caller;
use facts::cognito_idp::{AdminConfirmSignUpError, AdminConfirmSignUpRequest, AdminConfirmSignUpResponse};

use super::change;
use crate::{
    raise::{Raise, invalid, not_authorized},
    rows::UserStatus,
    service::Service,
    triggers::post_confirmation,
};

pub async fn admin_confirm_sign_up(
    service: &Service,
    _caller: &Caller,
    input: AdminConfirmSignUpRequest,
) -> Result<AdminConfirmSignUpResponse, Raise<AdminConfirmSignUpError>> {
    let source = "PostConfirmation_ConfirmSignUp";
    let user = change::<AdminConfirmSignUpError, _>(
        service,
        &input.user_pool_id,
        &input.username,
        |taken| invalid(taken.username_exists()),
        |_, user| {
            if user.status != UserStatus::Unconfirmed {
                let message = format!("User cannot be confirmed. Current status is {}", user.status.as_str());
                return Err(not_authorized(message));
            }
            user.status = UserStatus::Confirmed;
            Ok(())
        },
    )
    .await?;
    let pool = service.directory.pool::<AdminConfirmSignUpError>(&input.user_pool_id).await?;
    let metadata = input.client_metadata.unwrap_or_default();
    post_confirmation::tell(service, &pool, "CLIENT_ID_NOT_APPLICABLE", &user, source, &metadata).await?;
    Ok(AdminConfirmSignUpResponse::default())
}
