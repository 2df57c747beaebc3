//! AdminGetUser: all that the pool knows of someone.

use base::Caller;
use facts::cognito_idp::{AdminGetUserError, AdminGetUserRequest, AdminGetUserResponse};

use super::named;
use crate::{attributes, raise::Raise, service::Service, users};

pub async fn admin_get_user(
    service: &Service,
    _caller: &Caller,
    input: AdminGetUserRequest,
) -> Result<AdminGetUserResponse, Raise<AdminGetUserError>> {
    let (_, user) = named::<AdminGetUserError>(service, &input.user_pool_id, &input.username).await?;
    let user = user.value;
    let factors = users::factors(&user);
    Ok(AdminGetUserResponse {
        user_attributes: Some(attributes::shown(&user)),
        user_create_date: Some(user.created_at.epoch_seconds()),
        user_last_modified_date: Some(user.modified_at.epoch_seconds()),
        enabled: Some(user.enabled),
        user_status: Some(user.status.as_str().to_owned()),
        preferred_mfa_setting: user.mfa.preferred.clone(),
        user_mfa_setting_list: (!factors.is_empty()).then_some(factors),
        username: user.username,
        ..AdminGetUserResponse::default()
    })
}
