//! `GET /_poolhouse/outbox?to=ADDRESS`: mail and text messages that were not sent out, for development on this machine.
//!
//! It shows one-time codes, so it answers only where the server was told to (`dev`), a peer on this machine, and a Host
//! that means this machine: a page elsewhere that had its name point here would send its own name as Host.

use std::net::SocketAddr;

use async_trait::async_trait;
use axum::body::Body;
use http::{HeaderValue, Method, Response, StatusCode, header, request::Parts};
use serde_json::Value;

use crate::{
    front::plain,
    site::{host_name, is_loopback},
};

/// Where messages lie that were not sent.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// `{"id","to","kind","subject","text","code","sentAt"}`, newest last; those to `to` where it is given.
    async fn messages(&self, to: Option<&str>) -> Result<Vec<Value>, String>;
}

pub async fn answer(
    outbox: Option<&dyn Outbox>,
    peer: SocketAddr,
    host: &str,
    head: &Parts,
) -> Response<Body> {
    let at_home = peer.ip().to_canonical().is_loopback() && is_loopback(host_name(host)) && from_here(head);
    let Some(outbox) = outbox.filter(|_| at_home) else {
        return plain(StatusCode::NOT_FOUND, "There is nothing here.\n");
    };
    if head.method != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET is served here.\n");
    }
    let query = head.uri.query().unwrap_or_default();
    let to = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "to").map(|(_, to)| to);
    match outbox.messages(to.as_deref()).await {
        Ok(messages) => {
            let mut response = Response::new(Body::from(Value::Array(messages).to_string()));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
            response
        }
        Err(cause) => {
            tracing::error!(%cause, "the outbox could not be read");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "The outbox could not be read; the log says why.\n")
        }
    }
}

/// A page of another site cannot even ask blindly, and a proxy on this machine speaks for others.
fn from_here(head: &Parts) -> bool {
    if ["forwarded", "x-forwarded-for", "x-forwarded-host", "via"]
        .iter()
        .any(|name| head.headers.contains_key(*name))
    {
        return false;
    }
    let site = head.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    site.is_none_or(|site| matches!(site, "same-origin" | "same-site" | "none"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct One;

    #[async_trait]
    impl Outbox for One {
        async fn messages(&self, to: Option<&str>) -> Result<Vec<Value>, String> {
            Ok(vec![json!({"to": to})])
        }
    }

    async fn status(outbox: Option<&dyn Outbox>, peer: &str, host: &str, site: Option<&str>) -> u16 {
        let mut request = http::Request::get("/_poolhouse/outbox?to=a%2Bb@example.com");
        if let Some(site) = site {
            request = request.header("sec-fetch-site", site);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        answer(outbox, peer.parse().unwrap(), host, &head).await.status().as_u16()
    }

    #[tokio::test]
    async fn a_proxy_on_this_machine_is_not_this_machine() {
        let request = http::Request::get("/_poolhouse/outbox").header("x-forwarded-for", "127.0.0.1");
        let (head, ()) = request.body(()).unwrap().into_parts();
        let answer = answer(Some(&One), "127.0.0.1:9".parse().unwrap(), "localhost", &head).await;
        assert_eq!(answer.status(), 404);
    }

    #[tokio::test]
    async fn answers_this_machine_only() {
        assert_eq!(status(Some(&One), "127.0.0.1:9", "localhost:4747", None).await, 200);
        assert_eq!(status(Some(&One), "[::ffff:127.0.0.1]:9", "127.0.0.1:4747", Some("none")).await, 200);
        assert_eq!(status(Some(&One), "192.0.2.7:9", "localhost:4747", None).await, 404);
        assert_eq!(status(Some(&One), "127.0.0.1:9", "evil.example:4747", None).await, 404);
        assert_eq!(status(Some(&One), "127.0.0.1:9", "localhost.evil.example", None).await, 404);
        assert_eq!(status(Some(&One), "127.0.0.1:9", "localhost", Some("cross-site")).await, 404);
        assert_eq!(status(None, "127.0.0.1:9", "localhost", None).await, 404);
    }
}
