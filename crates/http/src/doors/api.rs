//! A deployed API: handed to the gateway with the stage taken off its path.

use std::net::SocketAddr;

use axum::body::Body;
use gateway::ApiRequest;
use http::{HeaderValue, Request, Response, StatusCode, header};

use crate::{aws::content_length, body::BodyError, front::Front, limits::API_BODY};

/// Where in the address space of APIs.
pub struct At<'a> {
    pub api: &'a str,
    pub stage: &'a str,
    /// Still escaped.
    pub path: &'a str,
    pub host: &'a str,
}

pub async fn answer(
    front: &Front,
    peer: SocketAddr,
    request_id: &str,
    at: At<'_>,
    request: Request<Body>,
) -> Response<Body> {
    let (head, body) = request.into_parts();
    let held = match front.body_room.read(body, content_length(&head), API_BODY).await {
        Ok(held) => held,
        Err(error) => return too_much(&error, request_id),
    };
    let request = ApiRequest {
        api_id: at.api.to_ascii_lowercase(),
        stage: at.stage.to_owned(),
        raw_path: at.path.to_owned(),
        head,
        body: held.bytes.clone(),
        source_ip: peer.ip().to_canonical().to_string(),
        host: at.host.to_owned(),
        secure: front.site.secure(),
    };
    front.doors.gateway.handle(request).await.map(Body::from)
}

/// As API Gateway says it.
fn too_much(error: &BodyError, request_id: &str) -> Response<Body> {
    let (status, kind, text) = match error {
        BodyError::TooLarge(_) => {
            (StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", "{\"message\":\"Request Too Long\"}")
        }
        BodyError::TooSlow => {
            (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", "{\"message\":\"Request Timeout\"}")
        }
        BodyError::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "ServiceUnavailableException",
            "{\"message\":\"Service Unavailable\"}",
        ),
        BodyError::Broken(_) => {
            (StatusCode::BAD_REQUEST, "BadRequestException", "{\"message\":\"Bad Request\"}")
        }
    };
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
