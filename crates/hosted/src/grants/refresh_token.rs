//! The refresh token grant (RFC 6749, section 6). Rotation and revocation are the engine's.

use userpool::{Client, tokens::Issued};

use super::authorization_code::refused;
use crate::{Hosted, authorization_request::Parameters, oauth_error::OauthError};

pub async fn refresh(hosted: &Hosted, client: &Client, form: &Parameters) -> Result<Issued, OauthError> {
    let token = form
        .get("refresh_token")
        .ok_or(OauthError::invalid_request("Required parameter 'refresh_token' is missing."))?;
    hosted.user_pools.refresh_tokens(client.id(), token).await.map_err(|error| refused(&error))
}
