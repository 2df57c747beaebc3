//! HTTP requests out, behind an egress guard: an address that a pool's owner names must not reach into the machine's own
//! network (OWASP, "Server-Side Request Forgery Prevention Cheat Sheet").
//!
//! Names are resolved here, every address found is checked, and the connection goes to the very addresses that were
//! checked: a name that resolves to something else a moment later gains nothing. Redirects are not followed.

mod egress;
mod resolve;

use std::{sync::OnceLock, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Body;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use ports::{Fetch, fetch::FetchError};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};

pub use egress::{Egress, InvalidRange, Range};
use resolve::{Forbidden, GuardedResolver};

const CONNECT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS: usize = 4;
/// Status line and headers of an answer.
const HEAD_BYTES: usize = 64 * 1024;

type Connector = HttpsConnector<HttpConnector<GuardedResolver>>;

/// Fetches what [`Egress`] lets through.
pub struct GuardedFetch {
    egress: Egress,
    /// Made on the first fetch: reading the machine's certificates takes some milliseconds.
    client: OnceLock<Client<Connector, Full<Bytes>>>,
}

impl GuardedFetch {
    pub fn new(egress: Egress) -> Self {
        Self { egress, client: OnceLock::new() }
    }

    /// Resolvers are not asked about an address that is written out, so that is looked at before.
    fn check(&self, request: &Request<Bytes>) -> Result<(), FetchError> {
        let uri = request.uri();
        let forbidden =
            || FetchError::Forbidden(uri.host().unwrap_or("an address without a host").to_owned());
        let is_http = matches!(uri.scheme_str(), Some("http" | "https"));
        let authority = uri.authority().filter(|authority| is_http && !authority.as_str().contains('@'));
        let host = authority.ok_or_else(forbidden)?.host();
        match host.trim_matches(['[', ']']).parse() {
            Ok(address) if !self.egress.allows(address) => Err(forbidden()),
            _ => Ok(()),
        }
    }

    async fn exchange(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, FetchError> {
        let client = self.client.get_or_init(|| client(&self.egress));
        let host = request.uri().host().unwrap_or_default().to_owned();
        let response = client.request(request.map(Full::new)).await.map_err(|cause| failed(&host, &cause))?;
        let (head, body) = response.into_parts();
        // What announces itself as too large is not even begun with.
        if body.size_hint().lower() > limit as u64 {
            return Err(FetchError::TooLarge(limit));
        }
        let body = Limited::new(body, limit).collect().await.map_err(|cause| {
            if cause.is::<LengthLimitError>() {
                FetchError::TooLarge(limit)
            } else {
                FetchError::Failed(cause.to_string())
            }
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

#[async_trait]
impl Fetch for GuardedFetch {
    async fn fetch(
        &self,
        request: Request<Bytes>,
        limit: usize,
        deadline_millis: u64,
    ) -> Result<Response<Bytes>, FetchError> {
        self.check(&request)?;
        let deadline = Duration::from_millis(deadline_millis);
        match tokio::time::timeout(deadline, self.exchange(request, limit)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(FetchError::Deadline(deadline_millis)),
        }
    }
}

fn client(egress: &Egress) -> Client<Connector, Full<Bytes>> {
    let mut http = HttpConnector::new_with_resolver(GuardedResolver::new(egress.clone()));
    http.enforce_http(false);
    http.set_connect_timeout(Some(CONNECT));
    http.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new();
    let connector = match builder.with_provider_and_native_roots(aws_lc_rs::default_provider()) {
        Ok(builder) => builder.https_or_http().enable_http1().wrap_connector(http),
        Err(cause) => {
            tracing::warn!(%cause, "the machine has no certificate authorities: https fetches will fail until it has");
            HttpsConnectorBuilder::new()
                .with_tls_config(trusts_nobody())
                .https_or_http()
                .enable_http1()
                .wrap_connector(http)
        }
    };
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .http1_max_buf_size(HEAD_BYTES)
        .build(connector)
}

fn trusts_nobody() -> ClientConfig {
    ClientConfig::builder().with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}

/// What is behind the client's error says more than it does: forbidden, refused, not resolved.
fn failed(host: &str, error: &hyper_util::client::legacy::Error) -> FetchError {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if cause.is::<Forbidden>() {
            return FetchError::Forbidden(host.to_owned());
        }
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    FetchError::Failed(text)
}

#[cfg(test)]
mod tests;
