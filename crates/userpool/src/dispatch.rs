//! From an operation's name to its file. Adding one is one line here, and one line less in `unsupported.txt`.

use base::{AwsError, Boxed, Caller};
use serde_json::Value;

use crate::{UserPools, ops::*, raise::Raise, service::Service};

macro_rules! operations {
    ($($name:ident => $run:path,)*) => {
        /// What is here, by name.
        pub const IMPLEMENTED: &[&str] = &[$(stringify!($name)),*];

        async fn dispatch(
            service: &Service,
            operation: &str,
            caller: &Caller,
            input: Value,
        ) -> Result<Value, AwsError> {
            match operation {
                // Boxed, so that the future of one operation is not as large as that of the largest.
                $(stringify!($name) => Box::pin(async move {
                    let input = facts::read::<facts::cognito_idp::$name>(input).map_err(wire)?;
                    let output = $run(service, caller, input).await.map_err(Raise::into_aws)?;
                    Ok(facts::write::<facts::cognito_idp::$name>(&output))
                }).await,)*
                _ => Err(not_there(operation)),
            }
        }
    };
}

operations! {
    AddCustomAttributes => pools::add_custom_attributes::add_custom_attributes,
    AdminConfirmSignUp => admin_users::admin_confirm_sign_up::admin_confirm_sign_up,
    AdminCreateUser => admin_users::admin_create_user::admin_create_user,
    AdminDeleteUser => admin_users::admin_delete_user::admin_delete_user,
    AdminDeleteUserAttributes => admin_users::admin_delete_user_attributes::admin_delete_user_attributes,
    AdminDisableUser => admin_users::admin_disable_user::admin_disable_user,
    AdminEnableUser => admin_users::admin_enable_user::admin_enable_user,
    AdminGetUser => admin_users::admin_get_user::admin_get_user,
    AdminInitiateAuth => sign_in::admin_initiate_auth::admin_initiate_auth,
    AdminResetUserPassword => admin_users::admin_reset_user_password::admin_reset_user_password,
    AdminRespondToAuthChallenge => sign_in::admin_respond_to_auth_challenge::admin_respond_to_auth_challenge,
    AdminSetUserPassword => admin_users::admin_set_user_password::admin_set_user_password,
    AdminUpdateUserAttributes => admin_users::admin_update_user_attributes::admin_update_user_attributes,
    AdminUserGlobalSignOut => admin_users::admin_user_global_sign_out::admin_user_global_sign_out,
    AssociateSoftwareToken => mfa::associate_software_token::associate_software_token,
    ChangePassword => passwords::change_password::change_password,
    ConfirmForgotPassword => passwords::confirm_forgot_password::confirm_forgot_password,
    ConfirmSignUp => sign_up::confirm_sign_up::confirm_sign_up,
    CreateUserPool => pools::create_user_pool::create_user_pool,
    CreateUserPoolClient => clients::create_user_pool_client::create_user_pool_client,
    CreateUserPoolDomain => domains::create_user_pool_domain::create_user_pool_domain,
    DeleteUser => my_user::delete_user::delete_user,
    DeleteUserAttributes => my_user::delete_user_attributes::delete_user_attributes,
    DeleteUserPool => pools::delete_user_pool::delete_user_pool,
    DeleteUserPoolClient => clients::delete_user_pool_client::delete_user_pool_client,
    DeleteUserPoolDomain => domains::delete_user_pool_domain::delete_user_pool_domain,
    DescribeUserPool => pools::describe_user_pool::describe_user_pool,
    DescribeUserPoolClient => clients::describe_user_pool_client::describe_user_pool_client,
    DescribeUserPoolDomain => domains::describe_user_pool_domain::describe_user_pool_domain,
    ForgotPassword => passwords::forgot_password::forgot_password,
    GetTokensFromRefreshToken => sign_in::get_tokens_from_refresh_token::get_tokens_from_refresh_token,
    GetUser => my_user::get_user::get_user,
    GetUserAttributeVerificationCode => my_user::get_user_attribute_verification_code::get_user_attribute_verification_code,
    GetUserPoolMfaConfig => pools::get_user_pool_mfa_config::get_user_pool_mfa_config,
    GlobalSignOut => my_user::global_sign_out::global_sign_out,
    InitiateAuth => sign_in::initiate_auth::initiate_auth,
    ListTagsForResource => pools::list_tags_for_resource::list_tags_for_resource,
    ListUserPoolClients => clients::list_user_pool_clients::list_user_pool_clients,
    ListUserPools => pools::list_user_pools::list_user_pools,
    ListUsers => admin_users::list_users::list_users,
    ResendConfirmationCode => sign_up::resend_confirmation_code::resend_confirmation_code,
    RespondToAuthChallenge => sign_in::respond_to_auth_challenge::respond_to_auth_challenge,
    RevokeToken => my_user::revoke_token::revoke_token,
    SetUserMFAPreference => mfa::set_user_mfa_preference::set_user_mfa_preference,
    SetUserPoolMfaConfig => pools::set_user_pool_mfa_config::set_user_pool_mfa_config,
    SignUp => sign_up::sign_up::sign_up,
    TagResource => pools::tag_resource::tag_resource,
    UntagResource => pools::untag_resource::untag_resource,
    UpdateUserAttributes => my_user::update_user_attributes::update_user_attributes,
    UpdateUserPool => pools::update_user_pool::update_user_pool,
    UpdateUserPoolClient => clients::update_user_pool_client::update_user_pool_client,
    UpdateUserPoolDomain => domains::update_user_pool_domain::update_user_pool_domain,
    VerifySoftwareToken => mfa::verify_software_token::verify_software_token,
    VerifyUserAttribute => my_user::verify_user_attribute::verify_user_attribute,
}

impl UserPools {
    /// One operation of `cognito-idp`: JSON object in, JSON object out, with the API model's member names. The caller's
    /// signature and policy were checked before; access tokens are checked here.
    pub fn call<'a>(
        &'a self,
        operation: &'a str,
        caller: &'a Caller,
        input: Value,
    ) -> Boxed<'a, Result<Value, AwsError>> {
        Box::pin(dispatch(self.service(), operation, caller, input))
    }
}

fn wire(error: facts::WireError) -> AwsError {
    AwsError::with_status(error.status, error.code, error.message)
}

fn not_there(operation: &str) -> AwsError {
    match facts::cognito_idp::SERVICE.operation(operation) {
        Some(_) => AwsError::with_status(
            501,
            "NotImplemented",
            format!("{operation} is not implemented by this server yet."),
        ),
        None => AwsError::client("UnknownOperationException", format!("Unknown operation {operation}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_here_or_explained() {
        let unsupported = include_str!("unsupported.txt");
        let complaint = facts::coverage::check(&facts::cognito_idp::SERVICE, IMPLEMENTED, unsupported);
        assert_eq!(complaint, Ok(()));
    }

    #[test]
    fn an_operation_that_is_not_there_says_so() {
        assert_eq!(not_there("CreateTerms").status, 501);
        assert_eq!(not_there("Nonsense").code, "UnknownOperationException");
    }
}
