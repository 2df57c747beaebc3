//! From an operation's name to its file. Adding one is one line here, and one line less in `unsupported.txt`.

use base::{AwsError, Caller};
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
    AdminInitiateAuth => sign_in::admin_initiate_auth::admin_initiate_auth,
    AdminRespondToAuthChallenge => sign_in::admin_respond_to_auth_challenge::admin_respond_to_auth_challenge,
    AssociateSoftwareToken => mfa::associate_software_token::associate_software_token,
    ChangePassword => passwords::change_password::change_password,
    ConfirmForgotPassword => passwords::confirm_forgot_password::confirm_forgot_password,
    ConfirmSignUp => sign_up::confirm_sign_up::confirm_sign_up,
    DeleteUser => my_user::delete_user::delete_user,
    DeleteUserAttributes => my_user::delete_user_attributes::delete_user_attributes,
    ForgotPassword => passwords::forgot_password::forgot_password,
    GetTokensFromRefreshToken => sign_in::get_tokens_from_refresh_token::get_tokens_from_refresh_token,
    GetUser => my_user::get_user::get_user,
    GetUserAttributeVerificationCode =>
        my_user::get_user_attribute_verification_code::get_user_attribute_verification_code,
    GlobalSignOut => my_user::global_sign_out::global_sign_out,
    InitiateAuth => sign_in::initiate_auth::initiate_auth,
    ResendConfirmationCode => sign_up::resend_confirmation_code::resend_confirmation_code,
    RespondToAuthChallenge => sign_in::respond_to_auth_challenge::respond_to_auth_challenge,
    RevokeToken => my_user::revoke_token::revoke_token,
    SetUserMFAPreference => mfa::set_user_mfa_preference::set_user_mfa_preference,
    SignUp => sign_up::sign_up::sign_up,
    UpdateUserAttributes => my_user::update_user_attributes::update_user_attributes,
    VerifySoftwareToken => mfa::verify_software_token::verify_software_token,
    VerifyUserAttribute => my_user::verify_user_attribute::verify_user_attribute,
}

impl UserPools {
    /// One operation of `cognito-idp`: JSON object in, JSON object out, with the API model's member names. The caller's
    /// signature and policy were checked before; access tokens are checked here.
    pub async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        dispatch(self.service(), operation, caller, input).await
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
