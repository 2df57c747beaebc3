//! `/oauth2/token`: codes and refresh tokens for tokens ("Token endpoint"; RFC 6749, sections 3.2, 4.1.3 and 6).

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::json;
use userpool::Client;

use crate::{Hosted, authorization_request::Parameters, grants, oauth_error::OauthError, visit::Visit};

pub async fn exchange(State(hosted): State<Hosted>, visit: Visit, body: Bytes) -> Response {
    match tokens(&hosted, &visit, &body).await {
        Ok(answer) => open(no_store((StatusCode::OK, Json(answer)).into_response())),
        Err(error) => refuse(&error, visit.headers.contains_key(header::AUTHORIZATION)),
    }
}

async fn tokens(hosted: &Hosted, visit: &Visit, body: &[u8]) -> Result<serde_json::Value, OauthError> {
    let form = form_of(&visit.headers, body)?;
    let client = authenticate(hosted, visit, &form).await?;
    let issued = match form.get("grant_type") {
        Some("authorization_code") => {
            grants::authorization_code::redeem(hosted, visit.pool.id(), &client, &form).await?
        }
        Some("refresh_token") => grants::refresh_token::refresh(hosted, &client, &form).await?,
        Some(_) => return Err(OauthError::unsupported_grant_type()),
        None => return Err(OauthError::invalid_request("Required parameter 'grant_type' is missing.")),
    };
    let mut answer = json!({ "access_token": issued.access_token, "expires_in": issued.expires_in, "token_type": "Bearer" });
    if let Some(id_token) = issued.id_token {
        answer["id_token"] = id_token.into();
    }
    if let Some(refresh_token) = issued.refresh_token {
        answer["refresh_token"] = refresh_token.into();
    }
    Ok(answer)
}

/// The body, where it is a form and no parameter that matters stands there twice.
pub fn form_of(headers: &HeaderMap, body: &[u8]) -> Result<Parameters, OauthError> {
    let is_form =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            value
                .split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .eq_ignore_ascii_case("application/x-www-form-urlencoded")
        });
    if !is_form {
        return Err(OauthError::invalid_request(
            "The Content-Type must be application/x-www-form-urlencoded.",
        ));
    }
    let form = Parameters::parse(body);
    if [
        "grant_type",
        "client_id",
        "client_secret",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "token",
    ]
    .into_iter()
    .any(|name| form.repeated(name))
    {
        return Err(OauthError::invalid_request("A parameter was given twice."));
    }
    Ok(form)
}

/// The client, by its secret in the header or in the body, or by its id alone where it has none (RFC 6749, section 2.3.1).
/// Using both ways at once is refused, as the RFC asks.
pub async fn authenticate(
    hosted: &Hosted,
    visit: &Visit,
    form: &Parameters,
) -> Result<Arc<Client>, OauthError> {
    let basic = match visit.headers.get(header::AUTHORIZATION) {
        Some(value) => Some(basic_credentials(value).ok_or(OauthError::invalid_client())?),
        None => None,
    };
    let (client_id, secret) = match (basic, form.get("client_id"), form.get("client_secret")) {
        (Some(_), _, Some(_)) => {
            return Err(OauthError::invalid_request(
                "The client authenticates by header or by body, not by both.",
            ));
        }
        (Some((id, secret)), in_body, None) => {
            if in_body.is_some_and(|in_body| in_body != id) {
                return Err(OauthError::invalid_client());
            }
            (id, Some(secret))
        }
        (None, Some(id), secret) => (id.to_owned(), secret.map(str::to_owned)),
        (None, None, _) => {
            return Err(OauthError::invalid_request("Required parameter 'client_id' is missing."));
        }
    };
    let found = visit.client(hosted, &client_id).await.map_err(|_| OauthError::temporarily_unavailable())?;
    let client = found.ok_or(OauthError::invalid_client())?;
    let enabled = client.client.allowed_oauth_flows_user_pool_client.unwrap_or(false);
    let shown = match (client.is_confidential(), secret) {
        (true, Some(secret)) => client.secret_is(&secret),
        (true, None) => false,
        // A public client that shows an empty secret is what some libraries send.
        (false, secret) => secret.is_none_or(|secret| secret.is_empty()),
    };
    if shown && enabled { Ok(client) } else { Err(OauthError::invalid_client()) }
}

/// `Basic base64(form-encoded id : form-encoded secret)`.
fn basic_credentials(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |text: &str| {
        percent_encoding::percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

/// RFC 6749, section 5.2: 401 with a challenge where the client tried the header, 400 otherwise.
pub fn refuse(error: &OauthError, by_header: bool) -> Response {
    let status = match error.code {
        "invalid_client" if by_header => StatusCode::UNAUTHORIZED,
        "temporarily_unavailable" => StatusCode::TOO_MANY_REQUESTS,
        "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({ "error": error.code, "error_description": error.description });
    let mut response = no_store((status, Json(body)).into_response());
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"oauth2\""));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    open(response)
}

/// Apps in browsers call these endpoints from their own origin; no cookie counts here, so any origin may.
pub fn open(mut response: Response) -> Response {
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

pub async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "authorization, content-type, x-amz-user-agent, amz-sdk-request, amz-sdk-invocation-id",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    open((StatusCode::NO_CONTENT, headers).into_response())
}

pub fn no_store(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_form_encoded() {
        let header =
            |text: &str| HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(text))).expect("a value");
        assert_eq!(basic_credentials(&header("id:s%2Bx")), Some((String::from("id"), String::from("s+x"))));
        assert_eq!(basic_credentials(&header("id")), None);
        assert_eq!(basic_credentials(&HeaderValue::from_static("Bearer x")), None);
        assert_eq!(basic_credentials(&HeaderValue::from_static("Basic %%%")), None);
    }
}
