//! One endpoint a file, under Cognito's own paths (Amazon Cognito Developer Guide, "User pool endpoints and managed login
//! reference").

mod assets;
mod authorize;
mod change_password;
mod confirm_forgot_password;
mod confirm_link;
mod confirm_user;
mod error;
pub mod forgot_password;
pub mod login;
mod logout;
mod mfa;
mod not_built;
mod resend_code;
mod revoke;
mod signup;
mod token;
mod user_info;

use axum::{
    Router,
    routing::{any, get, post},
};

use crate::Hosted;

pub fn router(hosted: Hosted) -> Router {
    Router::new()
        .route("/login", get(login::show).post(login::submit))
        .route("/signup", get(signup::show).post(signup::submit))
        .route("/confirmUser", get(confirm_user::show).post(confirm_user::submit))
        .route("/resendcode", post(resend_code::submit))
        .route("/forgotPassword", get(forgot_password::show).post(forgot_password::submit))
        .route(
            "/confirmForgotPassword",
            get(confirm_forgot_password::show).post(confirm_forgot_password::submit),
        )
        .route("/changePassword", get(change_password::show).post(change_password::submit))
        .route("/mfa", get(mfa::show).post(mfa::submit))
        .route("/logout", get(logout::visit))
        .route("/error", get(error::show))
        .route("/oauth2/authorize", get(authorize::visit).post(authorize::visit))
        .route("/oauth2/token", post(token::exchange).options(token::preflight))
        .route("/oauth2/userInfo", get(user_info::show).post(user_info::show).options(token::preflight))
        .route("/oauth2/revoke", post(revoke::revoke).options(token::preflight))
        .route("/oauth2/idpresponse", any(not_built::answer))
        .route("/saml2/idpresponse", any(not_built::answer))
        .route("/saml2/logout", any(not_built::answer))
        .route("/passkeys/add", any(not_built::answer))
        .route("/assets/{name}", get(assets::stylesheet))
        .fallback(error::nothing_here)
        .with_state(hosted)
}
