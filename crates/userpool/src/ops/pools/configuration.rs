//! What a pool may be told when it is made or changed, checked and with AWS's defaults filled in.
//!
//! `UpdateUserPool` sets whatever it is not given to its default, as `CreateUserPool` does ("UpdateUserPool": "If you
//! don't provide a value for an attribute…"), so both read their settings in the same way.

use facts::cognito_idp::{
    AdminCreateUserConfigType, CreateUserPoolRequest, EmailConfigurationType, PasswordPolicyType,
    SignInPolicyType, UpdateUserPoolRequest, UserPoolPolicyType, UserPoolType,
    VerificationMessageTemplateType,
};

use crate::raise::InvalidParameterException;

/// The members that both requests have, as `DescribeUserPool` shows them.
macro_rules! shared {
    ($input:expr) => {
        UserPoolType {
            policies: $input.policies.clone(),
            deletion_protection: $input.deletion_protection.clone(),
            lambda_config: $input.lambda_config.clone(),
            auto_verified_attributes: $input.auto_verified_attributes.clone(),
            sms_verification_message: $input.sms_verification_message.clone(),
            email_verification_message: $input.email_verification_message.clone(),
            email_verification_subject: $input.email_verification_subject.clone(),
            verification_message_template: $input.verification_message_template.clone(),
            sms_authentication_message: $input.sms_authentication_message.clone(),
            mfa_configuration: $input.mfa_configuration.clone(),
            user_attribute_update_settings: $input.user_attribute_update_settings.clone(),
            device_configuration: $input.device_configuration.clone(),
            email_configuration: $input.email_configuration.clone(),
            sms_configuration: $input.sms_configuration.clone(),
            user_pool_tags: $input.user_pool_tags.clone(),
            admin_create_user_config: $input.admin_create_user_config.clone(),
            user_pool_add_ons: $input.user_pool_add_ons.clone(),
            account_recovery_setting: $input.account_recovery_setting.clone(),
            user_pool_tier: $input.user_pool_tier.clone(),
            ..UserPoolType::default()
        }
    };
}

pub fn of_create(input: &CreateUserPoolRequest) -> Result<UserPoolType, InvalidParameterException> {
    let pool = UserPoolType {
        name: Some(input.pool_name.clone()),
        alias_attributes: input.alias_attributes.clone(),
        username_attributes: input.username_attributes.clone(),
        username_configuration: input.username_configuration.clone(),
        schema_attributes: Some(crate::attributes::standard::schema(
            input.schema.as_deref().unwrap_or_default(),
        )?),
        ..shared!(input)
    };
    if present(&pool.alias_attributes) && present(&pool.username_attributes) {
        return refuse("Only one of the aliasAttributes or usernameAttributes can be set in a user pool.");
    }
    checked(pool)
}

/// What was settled when the pool was made stays: schema, aliases, username attributes, case sensitivity, name unless
/// given.
pub fn of_update(
    input: &UpdateUserPoolRequest,
    before: &UserPoolType,
) -> Result<UserPoolType, InvalidParameterException> {
    let changed = UserPoolType {
        id: before.id.clone(),
        arn: before.arn.clone(),
        name: input.pool_name.clone().or_else(|| before.name.clone()),
        creation_date: before.creation_date,
        schema_attributes: before.schema_attributes.clone(),
        alias_attributes: before.alias_attributes.clone(),
        username_attributes: before.username_attributes.clone(),
        username_configuration: before.username_configuration.clone(),
        domain: before.domain.clone(),
        custom_domain: before.custom_domain.clone(),
        ..shared!(input)
    };
    checked(changed)
}

fn checked(mut pool: UserPoolType) -> Result<UserPoolType, InvalidParameterException> {
    let mut policies = pool.policies.take().unwrap_or_default();
    policies.password_policy = Some(password_policy(policies.password_policy.take())?);
    policies.sign_in_policy.get_or_insert_with(|| SignInPolicyType {
        allowed_first_auth_factors: Some(vec![String::from("PASSWORD")]),
    });
    pool.policies = Some(UserPoolPolicyType { ..policies });
    pool.deletion_protection.get_or_insert_with(|| String::from("INACTIVE"));
    pool.mfa_configuration.get_or_insert_with(|| String::from("OFF"));
    pool.lambda_config.get_or_insert_default();
    pool.user_pool_tier.get_or_insert_with(|| String::from("ESSENTIALS"));
    pool.user_pool_tags.get_or_insert_default();
    pool.email_configuration.get_or_insert_with(|| EmailConfigurationType {
        email_sending_account: Some(String::from("COGNITO_DEFAULT")),
        ..EmailConfigurationType::default()
    });
    pool.verification_message_template
        .get_or_insert_with(VerificationMessageTemplateType::default)
        .default_email_option
        .get_or_insert_with(|| String::from("CONFIRM_WITH_CODE"));
    let temporary_days = pool
        .policies
        .as_ref()
        .and_then(|policies| policies.password_policy.as_ref())
        .and_then(|policy| policy.temporary_password_validity_days);
    let invitations = pool.admin_create_user_config.get_or_insert_with(AdminCreateUserConfigType::default);
    invitations.allow_admin_create_user_only.get_or_insert(false);
    if invitations.unused_account_validity_days.is_none() {
        invitations.unused_account_validity_days = temporary_days;
    }
    if let Some(add_ons) = &pool.user_pool_add_ons
        && add_ons.advanced_security_mode == "ENFORCED"
    {
        return refuse(
            "Threat protection (AdvancedSecurityMode ENFORCED) is not built in this server yet. Use OFF or AUDIT.",
        );
    }
    Ok(pool)
}

/// Where no policy is given: eight characters of every kind; where one is, what it leaves out is not required
/// ("PasswordPolicyType").
fn password_policy(
    given: Option<PasswordPolicyType>,
) -> Result<PasswordPolicyType, InvalidParameterException> {
    let defaults_to = given.is_none();
    let mut policy = given.unwrap_or_default();
    policy.minimum_length.get_or_insert(8);
    for required in [
        &mut policy.require_uppercase,
        &mut policy.require_lowercase,
        &mut policy.require_numbers,
        &mut policy.require_symbols,
    ] {
        required.get_or_insert(defaults_to);
    }
    policy.temporary_password_validity_days.get_or_insert(7);
    Ok(policy)
}

fn present(names: &Option<Vec<String>>) -> bool {
    names.as_ref().is_some_and(|names| !names.is_empty())
}

fn refuse<T>(message: &str) -> Result<T, InvalidParameterException> {
    Err(InvalidParameterException(message.to_owned()))
}
