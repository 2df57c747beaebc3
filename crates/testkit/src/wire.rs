//! One HTTP request over the server's socket, and its whole answer.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(120);

/// Keeps connections open between requests, as clients do. Cheap to clone.
#[derive(Clone)]
pub struct Wire {
    client: Client<HttpConnector, Full<Bytes>>,
    address: SocketAddr,
}

impl Wire {
    pub fn new(address: SocketAddr) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), address }
    }

    /// `request`'s address is a path; its `Host` may be any.
    pub async fn send(&self, mut request: Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let place = format!("http://{}{path}", self.address);
        *request.uri_mut() = place.parse().expect("a path that can be sent");
        let sending = async {
            let (head, body) =
                self.client.request(request.map(Full::new)).await.expect("the server answers").into_parts();
            let body = body.collect().await.expect("the answer ends").to_bytes();
            Response::from_parts(head, body)
        };
        timeout(DEADLINE, sending).await.expect("the server answers in time")
    }
}
