//! The implicit grant: tokens in the fragment, no refresh token (RFC 6749, section 4.2.2).

use base::AwsError;
use userpool::{flows::SignedIn, tokens::IssueRequest};

use crate::{Hosted, visit::Errand};

/// `id_token=…&access_token=…&expires_in=…&token_type=Bearer`, the ID token only with `openid`.
pub async fn make(hosted: &Hosted, errand: &Errand, who: &SignedIn) -> Result<String, AwsError> {
    let issued = hosted
        .user_pools
        .issue_tokens(IssueRequest {
            client_id: errand.client.id().to_owned(),
            username_key: who.username_key.clone(),
            sub: who.sub.clone(),
            signed_in_at: who.at,
            scopes: errand.request.scopes.clone(),
            nonce: errand.request.nonce.clone(),
            refresh_token: false,
        })
        .await?;
    let id_token = issued.id_token.map(|token| format!("id_token={token}&")).unwrap_or_default();
    Ok(format!(
        "{id_token}access_token={}&expires_in={}&token_type=Bearer",
        issued.access_token, issued.expires_in
    ))
}
