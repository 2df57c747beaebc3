//! GetUserPoolMfaConfig.

use base::Caller;
use facts::cognito_idp::{
    GetUserPoolMfaConfigError, GetUserPoolMfaConfigRequest, GetUserPoolMfaConfigResponse,
};

use crate::{raise::Raise, service::Service};

pub async fn get_user_pool_mfa_config(
    service: &Service,
    _caller: &Caller,
    input: GetUserPoolMfaConfigRequest,
) -> Result<GetUserPoolMfaConfigResponse, Raise<GetUserPoolMfaConfigError>> {
    let pool = service.directory.pool::<GetUserPoolMfaConfigError>(&input.user_pool_id).await?;
    let mfa = pool.mfa.clone();
    Ok(GetUserPoolMfaConfigResponse {
        sms_mfa_configuration: mfa.sms,
        software_token_mfa_configuration: mfa.software_token,
        email_mfa_configuration: mfa.email,
        mfa_configuration: Some(pool.mfa_configuration().to_owned()),
        web_authn_configuration: mfa.web_authn,
    })
}
