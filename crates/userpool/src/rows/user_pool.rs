//! A pool: its whole configuration, in AWS's own words.

use facts::cognito_idp::{
    EmailMfaConfigType, PasswordPolicyType, SchemaAttributeType, SmsMfaConfigType,
    SoftwareTokenMfaConfigType, UserPoolType, WebAuthnConfigurationType,
};
use serde::{Deserialize, Serialize};
use store::Collection;

/// `UserPoolType` is what `DescribeUserPool` shows; it is kept as it is, so that a member AWS adds needs no second place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UserPoolRow {
    pub id: String,
    pub pool: UserPoolType,
    /// 32 random bytes, sealed: what answers about unknown users and hashes of codes are made from.
    pub secret: String,
    #[serde(default)]
    pub mfa: PoolMfa,
}

/// What `SetUserPoolMfaConfig` sets besides `MfaConfiguration`, which is in the pool.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PoolMfa {
    pub sms: Option<SmsMfaConfigType>,
    pub software_token: Option<SoftwareTokenMfaConfigType>,
    pub email: Option<EmailMfaConfigType>,
    pub web_authn: Option<WebAuthnConfigurationType>,
}

impl Collection for UserPoolRow {
    const NAME: &'static str = "user_pool";

    fn partition(&self) -> &str {
        &self.id
    }

    fn key(&self) -> String {
        self.id.clone()
    }
}

impl UserPoolRow {
    /// What SRP calls the pool's name: the id without its region.
    pub fn srp_name(&self) -> &str {
        self.id.split_once('_').map_or(self.id.as_str(), |(_, name)| name)
    }

    pub fn region(&self) -> &str {
        self.id.split_once('_').map_or("", |(region, _)| region)
    }

    /// Where the pool does not say, names are case sensitive ("User pool case sensitivity": what the API does).
    pub fn case_sensitive(&self) -> bool {
        self.pool.username_configuration.as_ref().is_none_or(|configuration| configuration.case_sensitive)
    }

    /// `name`, or its lower case where the pool does not tell cases apart.
    pub fn normalised(&self, name: &str) -> String {
        if self.case_sensitive() { name.to_owned() } else { name.to_lowercase() }
    }

    /// Whether people sign in with this attribute in the place of a username.
    pub fn is_username_attribute(&self, attribute: &str) -> bool {
        self.pool.username_attributes.iter().flatten().any(|name| name == attribute)
    }

    pub fn has_username_attributes(&self) -> bool {
        self.pool.username_attributes.iter().flatten().next().is_some()
    }

    pub fn is_alias(&self, attribute: &str) -> bool {
        self.pool.alias_attributes.iter().flatten().any(|name| name == attribute)
    }

    pub fn is_auto_verified(&self, attribute: &str) -> bool {
        self.pool.auto_verified_attributes.iter().flatten().any(|name| name == attribute)
    }

    /// Whether a change of this attribute waits until its new value is verified.
    pub fn verifies_before_update(&self, attribute: &str) -> bool {
        self.pool
            .user_attribute_update_settings
            .as_ref()
            .and_then(|settings| settings.attributes_require_verification_before_update.as_ref())
            .is_some_and(|names| names.iter().any(|name| name == attribute))
    }

    pub fn schema(&self) -> &[SchemaAttributeType] {
        self.pool.schema_attributes.as_deref().unwrap_or_default()
    }

    pub fn password_policy(&self) -> PasswordPolicyType {
        self.pool.policies.as_ref().and_then(|policies| policies.password_policy.clone()).unwrap_or_default()
    }

    /// `OFF`, `ON` or `OPTIONAL`.
    pub fn mfa_configuration(&self) -> &str {
        self.pool.mfa_configuration.as_deref().unwrap_or("OFF")
    }

    /// Whether people may use an authenticator app.
    pub fn offers_software_token(&self) -> bool {
        self.mfa.software_token.as_ref().and_then(|config| config.enabled).unwrap_or(false)
    }

    pub fn offers_sms(&self) -> bool {
        self.mfa.sms.is_some() || self.pool.sms_configuration.is_some()
    }

    pub fn offers_email(&self) -> bool {
        self.mfa.email.is_some()
    }

    pub fn admin_creates_users_only(&self) -> bool {
        self.pool
            .admin_create_user_config
            .as_ref()
            .and_then(|config| config.allow_admin_create_user_only)
            .unwrap_or(false)
    }

    /// Days until a temporary password is of no more use.
    pub fn temporary_password_days(&self) -> i64 {
        self.password_policy()
            .temporary_password_validity_days
            .or_else(|| {
                self.pool
                    .admin_create_user_config
                    .as_ref()
                    .and_then(|config| config.unused_account_validity_days)
            })
            .unwrap_or(7)
    }

    pub fn arn(&self) -> &str {
        self.pool.arn.as_deref().unwrap_or_default()
    }
}
