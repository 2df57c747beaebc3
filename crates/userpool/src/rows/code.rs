//! One-time codes that were sent to someone.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

/// At most one for a user and purpose: sending another replaces it, and its counters live on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CodeRow {
    pub user_pool_id: String,
    pub sub: String,
    pub purpose: CodePurpose,
    /// HMAC-SHA256 of sub, purpose and code under the pool's secret, in hexadecimal; empty once the code was used up.
    pub hash: String,
    /// Where it was sent: using the code verifies this value and no other.
    pub destination: String,
    pub valid_until: Timestamp,
    /// Wrong tries within the window.
    pub failures: u32,
    /// Codes sent within the window.
    pub sent: u32,
    pub window_ends: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodePurpose {
    SignUp,
    ForgotPassword,
    VerifyEmail,
    VerifyPhoneNumber,
    SmsMfa,
    EmailMfa,
}

impl CodePurpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::ForgotPassword => "forgot_password",
            Self::VerifyEmail => "verify_email",
            Self::VerifyPhoneNumber => "verify_phone_number",
            Self::SmsMfa => "sms_mfa",
            Self::EmailMfa => "email_mfa",
        }
    }

    pub fn key(self, sub: &str) -> String {
        format!("{sub}/{}", self.as_str())
    }
}

impl Collection for CodeRow {
    const NAME: &'static str = "user_pool_code";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.purpose.key(&self.sub)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.valid_until.max(self.window_ends))
    }
}
