//! A person.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry, engine::NAME_LIMIT};

/// Keyed by the username as the pool compares it. A username may come back after its user was deleted: `sub` tells the
/// two apart, and everything that outlives a request names it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserRow {
    pub user_pool_id: String,
    /// As it was given; in a pool with `UsernameAttributes`, the `sub`.
    pub username: String,
    /// `username`, lower-cased where the pool does not tell cases apart.
    pub username_key: String,
    pub sub: String,
    pub status: UserStatus,
    pub enabled: bool,
    /// By AWS's names, `custom:` ones too; `email_verified` and `phone_number_verified` are `"true"` or `"false"`.
    pub attributes: BTreeMap<String, String>,
    /// `crypto::srp::Verifier`, sealed. None for someone who never had a password here.
    pub verifier: Option<String>,
    /// Sealed verifiers of passwords before this one, latest first, as many as the pool's policy remembers.
    #[serde(default)]
    pub password_history: Vec<String>,
    pub password_changed_at: Option<Timestamp>,
    #[serde(default)]
    pub mfa: MfaSettings,
    pub created_at: Timestamp,
    pub modified_at: Timestamp,
    /// Tokens of sign-ins before this instant are revoked (`GlobalSignOut`, `AdminUserGlobalSignOut`).
    #[serde(default)]
    pub tokens_valid_after: Timestamp,
    /// Groups by falling precedence: what `cognito:groups` says.
    #[serde(default)]
    pub groups: Vec<String>,
}

/// `UserStatusType` of the API model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    Unconfirmed,
    Confirmed,
    Archived,
    Compromised,
    Unknown,
    ResetRequired,
    ForceChangePassword,
    ExternalProvider,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct MfaSettings {
    /// The seed, sealed.
    pub totp_seed: Option<String>,
    /// A fresh seed, sealed, that no code was shown of yet.
    #[serde(default)]
    pub totp_pending_seed: Option<String>,
    /// Whether a code of the seed was shown once.
    pub totp_verified: bool,
    pub totp_enabled: bool,
    /// The step of the last code that was accepted: it and earlier ones are spent.
    pub totp_last_step: i64,
    pub totp_device_name: Option<String>,
    pub sms_enabled: bool,
    pub email_enabled: bool,
    /// `SOFTWARE_TOKEN_MFA`, `SMS_MFA` or `EMAIL_OTP`.
    pub preferred: Option<String>,
}

impl UserStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::Archived => "ARCHIVED",
            Self::Compromised => "COMPROMISED",
            Self::Unknown => "UNKNOWN",
            Self::ResetRequired => "RESET_REQUIRED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
            Self::ExternalProvider => "EXTERNAL_PROVIDER",
        }
    }
}

impl Collection for UserRow {
    const NAME: &'static str = "user_pool_user";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.username_key.clone()
    }

    /// What `ListUsers` filters by, and how a `sub` finds its user.
    fn indexes(&self) -> Vec<IndexEntry> {
        const ATTRIBUTES: [(&str, &str); 6] = [
            ("email", "by_email"),
            ("phone_number", "by_phone_number"),
            ("name", "by_name"),
            ("given_name", "by_given_name"),
            ("family_name", "by_family_name"),
            ("preferred_username", "by_preferred_username"),
        ];
        let mut entries = vec![
            IndexEntry::new("by_sub", &self.sub),
            IndexEntry::new("by_user_status", self.status.as_str()),
            IndexEntry::new("by_status", if self.enabled { "Enabled" } else { "Disabled" }),
        ];
        for (attribute, index) in ATTRIBUTES {
            if let Some(value) = self.attributes.get(attribute) {
                entries.push(IndexEntry::new(index, Self::index_value(value)));
            }
        }
        entries
    }
}

impl UserRow {
    /// As much of an attribute's value as an index holds. Whoever looks a value up by it compares the whole one too.
    pub fn index_value(value: &str) -> &str {
        &value[..value.floor_char_boundary(NAME_LIMIT)]
    }

    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// `email` → whether `email_verified` is `"true"`.
    pub fn is_verified(&self, attribute: &str) -> bool {
        self.attribute(&format!("{attribute}_verified")) == Some("true")
    }
}
