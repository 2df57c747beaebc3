//! SetUserPoolMfaConfig: whether a second factor is asked for, and which.

use base::Caller;
use facts::cognito_idp::{
    SetUserPoolMfaConfigError, SetUserPoolMfaConfigRequest, SetUserPoolMfaConfigResponse,
};
use store::Batch;

use crate::{
    raise::{Raise, invalid},
    rows::{PoolMfa, UserPoolRow},
    service::Service,
};

pub async fn set_user_pool_mfa_config(
    service: &Service,
    _caller: &Caller,
    input: SetUserPoolMfaConfigRequest,
) -> Result<SetUserPoolMfaConfigResponse, Raise<SetUserPoolMfaConfigError>> {
    let before = super::fresh(service, &input.user_pool_id).await?;
    let mut after: UserPoolRow = before.value.clone();
    after.mfa = PoolMfa {
        sms: input.sms_mfa_configuration.or(after.mfa.sms),
        software_token: input.software_token_mfa_configuration.or(after.mfa.software_token),
        email: input.email_mfa_configuration.or(after.mfa.email),
        web_authn: input.web_authn_configuration.or(after.mfa.web_authn),
    };
    if let Some(configuration) = input.mfa_configuration {
        let software =
            after.mfa.software_token.as_ref().and_then(|software| software.enabled).unwrap_or(false);
        let any = software || after.mfa.sms.is_some() || after.mfa.email.is_some();
        if configuration != "OFF" && !any {
            return Err(invalid("Invalid MFA configuration given, can't turn on MFA without an MFA method."));
        }
        after.pool.mfa_configuration = Some(configuration);
    }
    after.pool.last_modified_date = Some(service.clock.now().epoch_seconds());
    service.store.commit(Batch::new().replace(&before, &after)).await?;
    service.directory.forget_pool(&input.user_pool_id);
    Ok(SetUserPoolMfaConfigResponse {
        sms_mfa_configuration: after.mfa.sms,
        software_token_mfa_configuration: after.mfa.software_token,
        email_mfa_configuration: after.mfa.email,
        mfa_configuration: after.pool.mfa_configuration,
        web_authn_configuration: after.mfa.web_authn,
    })
}
