//! Liveness and readiness.

use std::time::Duration;

use axum::body::Body;
use http::{HeaderValue, Response, StatusCode, header};
use store::Store;

const READY_DEADLINE: Duration = Duration::from_secs(2);

/// The process answers: that is all it says.
pub fn live() -> Response<Body> {
    state(StatusCode::OK, "{\"status\":\"live\"}")
}

/// Requests would be served now: the store reads and commits. While it does not, 503, so that a load balancer looks
/// elsewhere.
pub async fn ready(store: &Store) -> Response<Body> {
    match tokio::time::timeout(READY_DEADLINE, store.engine().ready()).await {
        Ok(Ok(())) => state(StatusCode::OK, "{\"status\":\"ready\"}"),
        outcome => {
            match outcome {
                Ok(Err(cause)) => tracing::warn!(%cause, "not ready"),
                _ => tracing::warn!("not ready: the store did not answer in time"),
            }
            let mut response = state(
                StatusCode::SERVICE_UNAVAILABLE,
                "{\"status\":\"not ready\",\"reason\":\"the store is not available\"}",
            );
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            response
        }
    }
}

fn state(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
