//! SetUserMFAPreference: which second factors someone uses, and which of them first.

use base::Caller;
use facts::cognito_idp::{
    SetUserMFAPreferenceError, SetUserMFAPreferenceRequest, SetUserMFAPreferenceResponse,
};
use store::Batch;

use crate::{
    directory::Pool,
    raise::{InvalidParameterException, Raise, invalid},
    rows::UserRow,
    service::Service,
    tokens::access,
};

pub async fn set_user_mfa_preference(
    service: &Service,
    _caller: &Caller,
    input: SetUserMFAPreferenceRequest,
) -> Result<SetUserMFAPreferenceResponse, Raise<SetUserMFAPreferenceError>> {
    let holder = access::authorize(service, &input.access_token).await?;
    let mut after = holder.user.value.clone();
    let wishes = Wishes {
        sms: input.sms_mfa_settings.map(|wish| (wish.enabled, wish.preferred_mfa)),
        software_token: input.software_token_mfa_settings.map(|wish| (wish.enabled, wish.preferred_mfa)),
        email: input.email_mfa_settings.map(|wish| (wish.enabled, wish.preferred_mfa)),
    };
    prefer(&holder.pool, &mut after, wishes)?;
    after.modified_at = service.clock.now();
    service.store.commit(Batch::new().replace(&holder.user, &after)).await?;
    Ok(SetUserMFAPreferenceResponse::default())
}

/// `(Enabled, PreferredMfa)` of each factor that was named.
pub struct Wishes {
    pub sms: Option<(Option<bool>, Option<bool>)>,
    pub software_token: Option<(Option<bool>, Option<bool>)>,
    pub email: Option<(Option<bool>, Option<bool>)>,
}

/// What `AdminSetUserMFAPreference` does too. A factor that would not work is refused, so that nobody locks themselves
/// out; only one may be preferred.
pub fn prefer<E: From<InvalidParameterException>>(
    pool: &Pool,
    user: &mut UserRow,
    wishes: Wishes,
) -> Result<(), Raise<E>> {
    let wished =
        [("SMS_MFA", wishes.sms), ("SOFTWARE_TOKEN_MFA", wishes.software_token), ("EMAIL_OTP", wishes.email)];
    if wished.iter().filter(|(_, wish)| wish.is_some_and(|(_, preferred)| preferred == Some(true))).count()
        > 1
    {
        return Err(invalid("Only one MFA method can be preferred."));
    }
    for (factor, wish) in wished {
        let Some((enabled, preferred)) = wish else { continue };
        if let Some(enabled) = enabled {
            if enabled {
                require(pool, user, factor)?;
            }
            match factor {
                "SMS_MFA" => user.mfa.sms_enabled = enabled,
                "SOFTWARE_TOKEN_MFA" => user.mfa.totp_enabled = enabled,
                _ => user.mfa.email_enabled = enabled,
            }
            if !enabled && user.mfa.preferred.as_deref() == Some(factor) {
                user.mfa.preferred = None;
            }
        }
        match preferred {
            Some(true) if enabled == Some(false) => {
                return Err(invalid("An MFA method that is not enabled cannot be preferred."));
            }
            Some(true) => {
                require(pool, user, factor)?;
                user.mfa.preferred = Some(factor.to_owned());
            }
            Some(false) if user.mfa.preferred.as_deref() == Some(factor) => user.mfa.preferred = None,
            _ => {}
        }
    }
    Ok(())
}

fn require<E: From<InvalidParameterException>>(
    pool: &Pool,
    user: &UserRow,
    factor: &str,
) -> Result<(), Raise<E>> {
    let complaint = match factor {
        "SMS_MFA" if !pool.offers_sms() => "SMS MFA is not enabled for the user pool.",
        "SMS_MFA" if !user.is_verified("phone_number") => "User does not have a verified phone number.",
        "SOFTWARE_TOKEN_MFA" if !user.mfa.totp_verified => "User has not verified software token mfa",
        "EMAIL_OTP" if !pool.offers_email() => "Email MFA is not enabled for the user pool.",
        "EMAIL_OTP" if !user.is_verified("email") => "User does not have a verified email.",
        _ => return Ok(()),
    };
    Err(invalid(complaint))
}
