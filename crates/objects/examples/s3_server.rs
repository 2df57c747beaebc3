//! The room on a socket of its own, for tests with real S3 clients: no signatures, no policies, nothing kept.
//!
//! `cargo run -p poolhouse-objects --example s3_server` prints the port that it listens on.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a server for tests, with the machine's own clock"
)]

use std::{convert::Infallible, sync::Arc, time::SystemTime};

use base::{Caller, Identity, Region, Timestamp};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use objects::{Objects, Parts, rest};
use store::Store;
use store_sqlite::SqliteEngine;
use tokio::net::TcpListener;

struct Machine;

impl ports::Clock for Machine {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Timestamp(since.as_millis() as i64)
    }
}

impl ports::Rng for Machine {
    fn fill(&self, buffer: &mut [u8]) {
        aws_lc_rs::rand::fill(buffer).unwrap();
    }
}

#[tokio::main]
async fn main() {
    let region = std::env::args().nth(1).map_or_else(Region::default, |name| Region::new(name).unwrap());
    let engine = SqliteEngine::in_memory(Arc::new(|| ports::Clock::now(&Machine))).unwrap();
    let store = Store::new(Arc::new(engine));
    let objects = Objects::open(Parts { store, clock: Arc::new(Machine), rng: Arc::new(Machine), region });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("localhost:{}", listener.local_addr().unwrap().port());
    println!("{}", listener.local_addr().unwrap().port());
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        let (objects, base) = (objects.clone(), base.clone());
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &objects, &base));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(
    request: http::Request<Incoming>,
    objects: &Objects,
    base: &str,
) -> Result<http::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let request = http::Request::from_parts(head, body);
    let identity = Identity::Principal {
        account: String::from("000000000000"),
        arn: String::from("arn:aws:iam::000000000000:root"),
        user_id: String::from("000000000000"),
    };
    let caller = Caller { identity, source_ip: String::from("127.0.0.1"), request_id: String::from("TEST") };
    // The keys that every test client is given; signatures themselves are not looked at, but for the chunks'.
    let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let authorization = authorization.unwrap_or_default().to_owned();
    let field = |name: &str| authorization.split(name).nth(1).and_then(|rest| rest.split([',', ' ']).next());
    let seed = field("Signature=").unwrap_or_default().to_owned();
    let scope =
        field("Credential=").and_then(|all| all.split_once('/')).map_or("", |(_, scope)| scope).to_owned();
    let date = request
        .headers()
        .get("x-amz-date")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let sign = |text: &str| sign(&scope, text);
    let chunk_signing =
        Some(rest::ChunkSigning { seed_signature: &seed, amz_date: &date, scope: &scope, sign: &sign });
    let context = rest::Context { base_host: base, caller: &caller, chunk_signing };
    Ok(rest::handle(objects, request, &context).await.map(Full::new))
}

fn sign(scope: &str, text: &str) -> String {
    use aws_lc_rs::hmac;
    let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
    let mut key = b"AWS4test".to_vec();
    for part in scope.split('/') {
        key = mac(&key, part).as_ref().to_vec();
    }
    mac(&key, text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
