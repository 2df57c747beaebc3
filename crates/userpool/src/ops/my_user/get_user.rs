//! GetUser: one's own attributes.

use base::Caller;
use facts::cognito_idp::{GetUserError, GetUserRequest, GetUserResponse};

use crate::{attributes, raise::Raise, service::Service, tokens::access, users};

pub async fn get_user(
    service: &Service,
    _caller: &Caller,
    input: GetUserRequest,
) -> Result<GetUserResponse, Raise<GetUserError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let user = &holder.user.value;
    let factors = users::factors(user);
    Ok(GetUserResponse {
        username: user.username.clone(),
        user_attributes: attributes::shown_to_client(&holder.client, user),
        preferred_mfa_setting: user.mfa.preferred.clone(),
        user_mfa_setting_list: (!factors.is_empty()).then_some(factors),
        ..GetUserResponse::default()
    })
}
