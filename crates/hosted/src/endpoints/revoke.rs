//! `/oauth2/revoke`: a refresh token and all that came from it ("Revoke endpoint"; RFC 7009).

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::token::{authenticate, form_of, no_store, open, refuse};
use crate::{Hosted, grants::authorization_code::refused, oauth_error::OauthError, visit::Visit};

pub async fn revoke(State(hosted): State<Hosted>, visit: Visit, body: Bytes) -> Response {
    match revoked(&hosted, &visit, &body).await {
        Ok(()) => open(no_store(StatusCode::OK.into_response())),
        Err(error) => refuse(&error, visit.headers.contains_key(header::AUTHORIZATION)),
    }
}

async fn revoked(hosted: &Hosted, visit: &Visit, body: &[u8]) -> Result<(), OauthError> {
    let form = form_of(&visit.headers, body)?;
    let client = authenticate(hosted, visit, &form).await?;
    let token =
        form.get("token").ok_or(OauthError::invalid_request("Required parameter 'token' is missing."))?;
    match hosted.user_pools.revoke_token(client.id(), token).await {
        // RFC 7009, section 2.2: a token that is of no use already is no error.
        Ok(_) => Ok(()),
        Err(error) if error.code == "UnsupportedTokenTypeException" => {
            Err(OauthError::new("unsupported_token_type", "Only refresh tokens can be revoked."))
        }
        Err(error) if error.code == "UnsupportedOperationException" => Err(OauthError::invalid_request(
            "Token revocation is not enabled for this app client (EnableTokenRevocation).",
        )),
        Err(error) => match refused(&error) {
            // RFC 7009, section 2.2: a token that is of no use already is no error.
            known if known == OauthError::invalid_grant() => Ok(()),
            other => Err(other),
        },
    }
}
