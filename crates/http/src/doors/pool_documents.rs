//! A pool's public keys (RFC 7517) and discovery document (OpenID Connect Discovery 1.0, section 4).

use axum::body::Body;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::json;
use userpool::UserPools;

use crate::site::PoolDocument;

pub async fn answer(
    user_pools: &UserPools,
    method: &Method,
    pool: &str,
    document: PoolDocument,
) -> Response<Body> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return document_of(
            StatusCode::METHOD_NOT_ALLOWED,
            json!({"message": "Method Not Allowed"}).to_string(),
        );
    }
    let found = match document {
        PoolDocument::Keys => user_pools.jwks(pool).await,
        PoolDocument::Discovery => user_pools.openid_configuration(pool).await,
    };
    match found {
        Ok(document) => {
            let mut response = document_of(StatusCode::OK, document.to_string());
            // As long as Cognito lets it be kept.
            let keep = HeaderValue::from_static("public, max-age=86400");
            response.headers_mut().insert(header::CACHE_CONTROL, keep);
            response
        }
        Err(error) => {
            // An operation answers 400 to a pool that is not there; an address is 404.
            let status = if error.code == "ResourceNotFoundException" { 404 } else { error.status };
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = document_of(status, json!({"message": error.message}).to_string());
            if status == StatusCode::SERVICE_UNAVAILABLE {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            response
        }
    }
}

fn document_of(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
