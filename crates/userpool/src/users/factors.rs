//! Which second factors someone has.

use crate::rows::UserRow;

/// `UserMFASettingList`.
pub fn factors(user: &UserRow) -> Vec<String> {
    let mfa = &user.mfa;
    [
        (mfa.sms_enabled, "SMS_MFA"),
        (mfa.totp_enabled && mfa.totp_verified, "SOFTWARE_TOKEN_MFA"),
        (mfa.email_enabled, "EMAIL_OTP"),
    ]
    .into_iter()
    .filter(|(enabled, _)| *enabled)
    .map(|(_, name)| name.to_owned())
    .collect()
}
