//! The authorization code grant, with PKCE (RFC 6749, section 4.1; RFC 7636).

use base::{AwsError, ids::LOWER_ALPHANUMERIC};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use crypto::digest::{constant_time_eq, sha256, sha256_hex};
use ports::RngExt;
use serde_json::json;
use store::{Batch, CommitError, Versioned};
use userpool::{
    Client,
    flows::SignedIn,
    tokens::{IssueRequest, Issued},
};

use crate::{
    Hosted, authorization_request::Parameters, oauth_error::OauthError, rows::AuthorizationCodeRow,
    visit::Errand,
};

/// A code is good for five minutes ("Token endpoint": `code`).
const CODE_SECONDS: i64 = 300;
/// 36^40 codes: more than 200 bits.
const CODE_LENGTH: usize = 40;

/// `code=…`, kept by its hash.
pub async fn make(hosted: &Hosted, errand: &Errand, who: &SignedIn) -> Result<String, AwsError> {
    let code = hosted.rng.string(LOWER_ALPHANUMERIC, CODE_LENGTH);
    let row = AuthorizationCodeRow {
        user_pool_id: errand.visit.pool.id().to_owned(),
        code_hash: sha256_hex(code.as_bytes()),
        client_id: errand.client.id().to_owned(),
        username_key: who.username_key.clone(),
        sub: who.sub.clone(),
        redirect_uri: errand.request.redirect_uri.clone(),
        scopes: errand.request.scopes.clone(),
        nonce: errand.request.nonce.clone(),
        code_challenge: errand.request.code_challenge.clone(),
        signed_in_at: who.at,
        expires_at: hosted.clock.now().plus_seconds(CODE_SECONDS),
        redeemed_for: None,
    };
    let committed = hosted.store.commit(Batch::new().insert(&row)).await;
    committed.map_err(|error| AwsError::with_status(503, "ServiceUnavailable", error.to_string()))?;
    Ok(format!("code={code}"))
}

/// A code for tokens, once.
pub async fn redeem(
    hosted: &Hosted,
    pool_id: &str,
    client: &Client,
    form: &Parameters,
) -> Result<Issued, OauthError> {
    let code =
        form.get("code").ok_or(OauthError::invalid_request("Required parameter 'code' is missing."))?;
    let row = hosted
        .store
        .get::<AuthorizationCodeRow>(pool_id, &sha256_hex(code.as_bytes()))
        .await
        .map_err(|_| OauthError::temporarily_unavailable())?
        .ok_or(OauthError::invalid_grant())?;
    check(&row.value, client.id(), form)?;
    if row.value.redeemed_for.is_some() {
        take_back(hosted, &row).await;
        return Err(OauthError::invalid_grant());
    }
    // Spent first, by whoever commits first; the tokens come after, so that two requests never both get some.
    let marked = AuthorizationCodeRow { redeemed_for: Some(String::new()), ..row.value.clone() };
    match hosted.store.commit(Batch::new().replace(&row, &marked)).await {
        Ok(()) => {}
        Err(CommitError::Conflict(_)) => return Err(OauthError::invalid_grant()),
        Err(_) => return Err(OauthError::temporarily_unavailable()),
    }
    let spent = row.value;
    let issued = hosted
        .user_pools
        .issue_tokens(IssueRequest {
            client_id: spent.client_id.clone(),
            username_key: spent.username_key.clone(),
            sub: spent.sub.clone(),
            signed_in_at: spent.signed_in_at,
            scopes: spent.scopes.clone(),
            nonce: spent.nonce.clone(),
            refresh_token: true,
        })
        .await
        .map_err(|error| refused(&error))?;
    if let Some(refresh_token) = &issued.refresh_token {
        let sealed = hosted.sealer.seal(&bound_to(&marked), refresh_token.as_bytes());
        let marked = AuthorizationCodeRow { redeemed_for: sealed.ok(), ..marked };
        if let Err(error) = hosted.store.commit(Batch::new().put(&marked)).await {
            tracing::warn!(%error, "a redeemed code does not know its tokens; using it again will not revoke them");
        }
    }
    Ok(issued)
}

/// Everything the token request must repeat, and the proof that it comes from the app that began (RFC 6749, section
/// 4.1.3; RFC 7636, section 4.6).
fn check(row: &AuthorizationCodeRow, client_id: &str, form: &Parameters) -> Result<(), OauthError> {
    let redirect_uri = form
        .get("redirect_uri")
        .ok_or(OauthError::invalid_request("Required parameter 'redirect_uri' is missing."))?;
    let proven = match (&row.code_challenge, form.get("code_verifier")) {
        (None, _) => true,
        (Some(challenge), Some(verifier)) => {
            is_verifier(verifier)
                && constant_time_eq(
                    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes())).as_bytes(),
                    challenge.as_bytes(),
                )
        }
        (Some(_), None) => false,
    };
    if row.client_id == client_id && row.redirect_uri == redirect_uri && proven {
        Ok(())
    } else {
        Err(OauthError::invalid_grant())
    }
}

/// RFC 7636, section 4.1: 43 to 128 unreserved characters.
fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~'))
}

/// The code was used twice: one of the two was a thief, so nobody keeps what it gave.
async fn take_back(hosted: &Hosted, row: &Versioned<AuthorizationCodeRow>) {
    let row = &row.value;
    let Some(sealed) = row.redeemed_for.as_deref().filter(|sealed| !sealed.is_empty()) else { return };
    let Ok(token) = hosted.sealer.open(&bound_to(row), sealed) else { return };
    let token = String::from_utf8_lossy(token.expose()).into_owned();
    tracing::warn!(
        client_id = row.client_id,
        sub = row.sub,
        "an authorization code was used twice; its tokens are revoked"
    );
    if let Err(error) = hosted.user_pools.revoke_token(&row.client_id, &token).await {
        tracing::error!(%error, "the tokens of a code that was used twice could not be revoked");
    }
}

fn bound_to(row: &AuthorizationCodeRow) -> String {
    format!("hosted_authorization_code/{}/{}", row.user_pool_id, row.code_hash)
}

/// The engine's refusal in OAuth's words.
pub fn refused(error: &AwsError) -> OauthError {
    match error.code.as_str() {
        "TooManyRequestsException" => OauthError::temporarily_unavailable(),
        _ if error.status >= 500 => OauthError::server_error(),
        _ => {
            tracing::debug!(error = %json!({ "code": error.code, "message": error.message }), "a grant was refused");
            OauthError::invalid_grant()
        }
    }
}
