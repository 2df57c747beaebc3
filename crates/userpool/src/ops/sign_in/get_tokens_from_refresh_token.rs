//! GetTokensFromRefreshToken: new tokens for an old sign-in; the only way for clients that rotate refresh tokens.

use base::Caller;
use facts::cognito_idp::{
    GetTokensFromRefreshTokenError, GetTokensFromRefreshTokenRequest, GetTokensFromRefreshTokenResponse,
};

use super::answers::{refused, result};
use crate::{
    raise::{Raise, not_authorized},
    service::Service,
    tokens::{self, Refreshing},
};

pub async fn get_tokens_from_refresh_token(
    service: &Service,
    _caller: &Caller,
    input: GetTokensFromRefreshTokenRequest,
) -> Result<GetTokensFromRefreshTokenResponse, Raise<GetTokensFromRefreshTokenError>> {
    let (pool, client) = service.directory.client(&input.client_id).await?;
    if client.is_confidential() && !client.secret_is(input.client_secret.as_deref().unwrap_or_default()) {
        return Err(not_authorized(format!("Unable to verify the secret of client {}", client.id())));
    }
    let refreshing = Refreshing {
        pool: &pool,
        client: &client,
        token: &input.refresh_token,
        client_metadata: &input.client_metadata.unwrap_or_default(),
        check_user: &|_| Ok(()),
    };
    let issued = tokens::refresh(service, refreshing).await.map_err(refused)?;
    Ok(GetTokensFromRefreshTokenResponse { authentication_result: Some(result(issued)) })
}
