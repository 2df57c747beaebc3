//! The API's two doors into the sign-in engine: requests are read here, everything else happens in `flows/`.

pub mod admin_initiate_auth;
pub mod admin_respond_to_auth_challenge;
mod answers;
pub mod get_tokens_from_refresh_token;
pub mod initiate_auth;
mod opening;
pub mod respond_to_auth_challenge;
