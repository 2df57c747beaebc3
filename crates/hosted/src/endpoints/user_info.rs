//! `/oauth2/userInfo`: who an access token speaks for ("userInfo endpoint"; OpenID Connect Core 1.0, section 5.3).

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use super::token::{no_store, open};
use crate::{Hosted, visit::Visit};

pub async fn show(State(hosted): State<Hosted>, visit: Visit) -> Response {
    let token =
        visit.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
    let Some(token) = token else {
        return refuse(StatusCode::UNAUTHORIZED, "invalid_request", "Bearer token is missing.");
    };
    // A token of another pool is none of this domain's, good as it may be elsewhere.
    if hosted.user_pools.tokens().verify(visit.pool.id(), token).await.is_err() {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "Access token is expired, disabled, or deleted.",
        );
    }
    match hosted.user_pools.user_info(token).await {
        Ok(claims) => open(no_store(Json(claims).into_response())),
        Err(error) if error.status >= 500 || error.code == "TooManyRequestsException" => {
            refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "Try again in a moment.")
        }
        Err(error) if error.code == "InsufficientScope" => refuse(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            "The access token does not have the openid scope.",
        ),
        Err(_) => refuse(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "Access token is expired, disabled, or deleted.",
        ),
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

/// RFC 6750, section 3.
fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    let mut response =
        no_store((status, Json(json!({ "error": error, "error_description": description }))).into_response());
    if let Ok(challenge) =
        HeaderValue::from_str(&format!("Bearer error=\"{error}\", error_description=\"{description}\""))
    {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    open(response)
}
