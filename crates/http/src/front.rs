//! A request's first steps: what it is for, and who answers it.

use std::{net::SocketAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::body::Body;
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode, header};
use iam::Iam;
use ports::{Rng, RngExt};

use crate::{
    aws::{self, rooms::Rooms},
    body::BodyRoom,
    doors::{self, Doors},
    limits::Limits,
    listener::Answer,
    metrics::{Metrics, Route},
    proxies::TrustedProxies,
    site::{Destination, Site},
};

/// What every request needs.
pub struct Front {
    pub site: Site,
    pub limits: Limits,
    pub body_room: BodyRoom,
    pub metrics: Metrics,
    pub iam: Iam,
    pub rooms: Rooms,
    pub doors: Doors,
    pub rng: Arc<dyn Rng>,
    pub trusted_proxies: TrustedProxies,
}

/// One handle for the listener and for tests that need no socket.
#[derive(Clone)]
pub struct Door(pub Arc<Front>);

impl Answer for Door {
    async fn answer(&self, peer: SocketAddr, request: Request<Body>) -> Response<Body> {
        let request_id = self.0.rng.uuid();
        let peer = SocketAddr::new(self.0.trusted_proxies.caller(peer.ip(), request.headers()), peer.port());
        let began = Instant::now();
        let answer = AssertUnwindSafe(self.0.route(peer, &request_id, request)).catch_unwind();
        answer.await.unwrap_or_else(|_| {
            tracing::error!(%request_id, "a request ended in a panic");
            self.0.metrics.answered(&Route::Unknown, StatusCode::INTERNAL_SERVER_ERROR, began.elapsed());
            let error = base::AwsError::with_status(500, "InternalFailure", "An internal error occurred.");
            crate::protocols::refuse(None, &request_id, &error).map(Body::from)
        })
    }

    fn open_connections(&self, count: usize) {
        self.0.metrics.connections.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}

impl Front {
    async fn route(&self, peer: SocketAddr, request_id: &str, request: Request<Body>) -> Response<Body> {
        let began = Instant::now();
        let host = match host(&request) {
            Ok(host) => host,
            Err(why) => return plain(StatusCode::BAD_REQUEST, why),
        };
        let path = request.uri().path().to_owned();
        let (head, body) = request.into_parts();
        let s3 = aws::is_s3(&head);
        let request = Request::from_parts(head, body);
        let call = || aws::Call { front: self, peer, request_id: request_id.to_owned() };
        let (route, response) = match self.site.destination(&host, &path, s3) {
            Destination::Aws if asks_for_a_page(&request) => {
                (Route::Console, doors::console::from_the_root())
            }
            Destination::Aws => return call().answer(request).await,
            Destination::Bucket(_) => return call().answer_s3(request).await,
            Destination::PoolDocument { pool, document } => {
                let head = request.into_parts().0;
                (Route::PoolDocument, self.doors.pool_document(&head.method, pool, document).await)
            }
            Destination::Hosted { domain, host_form, path } => {
                let at = doors::hosted::At { domain, host_form, path };
                (Route::Hosted, doors::hosted::answer(self, peer, request_id, at, request).await)
            }
            Destination::OtherHost => {
                let domain = crate::site::host_name(&host).to_ascii_lowercase();
                if self.doors.is_own_domain(&domain).await {
                    let at = doors::hosted::At { domain: &domain, host_form: true, path: &path };
                    (Route::Hosted, doors::hosted::answer(self, peer, request_id, at, request).await)
                } else {
                    return call().answer(request).await;
                }
            }
            Destination::Api { api, stage, path } => {
                let at = doors::api::At { api, stage, path, host: &host };
                (Route::Api, doors::api::answer(self, peer, request_id, at, request).await)
            }
            Destination::Console => (Route::Console, doors::console::page(&path, &self.site)),
            Destination::Live => (Route::Health, doors::health::live()),
            Destination::Ready => (Route::Health, self.doors.ready().await),
            Destination::Metrics => (Route::Health, self.metrics.page()),
            Destination::Outbox => {
                let head = request.into_parts().0;
                (Route::Outbox, self.doors.outbox(peer, &host, &head).await)
            }
        };
        self.metrics.answered(&route, response.status(), began.elapsed());
        response
    }
}

/// One host, and no doubt about it: what routes a request must not differ from what a signature or a policy sees.
fn host(request: &Request<Body>) -> Result<String, &'static str> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let first = named.next().map(|host| host.to_str().map_err(|_| "The Host header is not readable.\n"));
    let first = first.transpose()?;
    if named.next().is_some() {
        return Err("The request has more than one Host header.\n");
    }
    match (first, request.uri().authority().map(http::uri::Authority::as_str)) {
        (Some(host), Some(authority)) if !host.eq_ignore_ascii_case(authority) => {
            Err("The Host header and the request's address name different hosts.\n")
        }
        (Some(host), _) => Ok(host.to_owned()),
        (None, _) if request.version() >= http::Version::HTTP_11 => Err("The request has no Host header.\n"),
        (None, _) => Ok(String::new()),
    }
}

/// A person's browser at the root, with nothing of an AWS request about it.
fn asks_for_a_page(request: &Request<Body>) -> bool {
    request.method() == Method::GET
        && request.uri().path() == "/"
        && request.uri().query().is_none()
        && !request.headers().contains_key(header::AUTHORIZATION)
        && request
            .headers()
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
}

pub fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, http::HeaderValue::from_static("nosniff"));
    response
}
