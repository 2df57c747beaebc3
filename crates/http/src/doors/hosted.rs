//! A pool's hosted pages and OAuth endpoints: handed to the hosted room with the domain taken off.

use std::net::SocketAddr;

use axum::body::Body;
use base::{Caller, Identity};
use hosted::HostedDomain;
use http::{Request, Response, StatusCode, Uri};
use tower::ServiceExt;

use crate::{
    aws::content_length,
    body::BodyError,
    front::{Front, plain},
    limits::HOSTED_BODY,
};

/// Where in the address space of hosted domains.
pub struct At<'a> {
    pub domain: &'a str,
    /// `<domain>.auth.<region>.<base>`, or a domain of the pool's own; else the path form.
    pub host_form: bool,
    /// Begins with a slash.
    pub path: &'a str,
}

pub async fn answer(
    front: &Front,
    peer: SocketAddr,
    request_id: &str,
    at: At<'_>,
    request: Request<Body>,
) -> Response<Body> {
    let (mut head, body) = request.into_parts();
    let held = match front.body_room.read(body, content_length(&head), HOSTED_BODY).await {
        Ok(held) => held,
        Err(error) => return too_much(&error),
    };
    let Some(uri) = inside(&head.uri, at.path) else {
        return plain(StatusCode::BAD_REQUEST, "The address cannot be read.\n");
    };
    head.uri = uri;
    let domain = at.domain.to_ascii_lowercase();
    let own = domain.contains('.');
    let (base_path, origin) = match (at.host_form, own) {
        (false, _) => (format!("/auth/{domain}"), front.site.origin().to_owned()),
        (true, false) => (String::new(), front.site.hosted_origin(&domain)),
        (true, true) => (String::new(), front.site.own_domain_origin(&domain)),
    };
    head.extensions.insert(HostedDomain { domain, base_path, origin, secure: front.site.secure() });
    head.extensions.insert(Caller {
        identity: Identity::Anonymous,
        source_ip: peer.ip().to_canonical().to_string(),
        request_id: request_id.to_owned(),
    });
    let request = Request::from_parts(head, Body::from(held.bytes.clone()));
    match front.doors.hosted.clone().oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// The address as the room sees it: its path and the query.
fn inside(uri: &Uri, path: &str) -> Option<Uri> {
    let path = if path.is_empty() { "/" } else { path };
    match uri.query() {
        Some(query) => format!("{path}?{query}").parse().ok(),
        None => path.parse().ok(),
    }
}

fn too_much(error: &BodyError) -> Response<Body> {
    match error {
        BodyError::TooLarge(_) => plain(StatusCode::PAYLOAD_TOO_LARGE, "What was sent is too large.\n"),
        BodyError::TooSlow => plain(StatusCode::REQUEST_TIMEOUT, "What was sent did not arrive in time.\n"),
        BodyError::Busy => plain(StatusCode::SERVICE_UNAVAILABLE, "The server is busy. Please try again.\n"),
        BodyError::Broken(_) => plain(StatusCode::BAD_REQUEST, "What was sent could not be read.\n"),
    }
}
