//! Slow and silent clients at a listener with few seats.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends where it cannot go on")]

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use front_door::{
    limits::Limits,
    listener::{Answer, serve},
};
use http::{Request, Response};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
    time::timeout,
};

/// Answers at once, or when a gate opens.
#[derive(Clone)]
struct Gated {
    gate: Arc<Semaphore>,
    /// One permit for each request that waits at the gate.
    arrived: Arc<Semaphore>,
}

impl Answer for Gated {
    async fn answer(&self, _: SocketAddr, request: Request<Body>) -> Response<Body> {
        if request.uri().path() == "/gated" {
            self.arrived.add_permits(1);
            let _ = self.gate.acquire().await;
        }
        Response::new(Body::from("here"))
    }
}

struct Running {
    address: SocketAddr,
    gate: Arc<Semaphore>,
    arrived: Arc<Semaphore>,
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
}

async fn run(limits: Limits) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let (stop, stopped) = watch::channel(false);
    let arrived = Arc::new(Semaphore::new(0));
    let gated = Gated { gate: Arc::clone(&gate), arrived: Arc::clone(&arrived) };
    let task = tokio::spawn(serve(listener, gated, limits, stopped));
    Running { address, gate, arrived, stop, task }
}

async fn ask(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn silent_connections_make_room_for_one_that_speaks() {
    let running = run(Limits { connections: 16, ..Limits::default() }).await;
    let in_progress = tokio::spawn(ask(running.address, "/gated"));
    let _ = running.arrived.acquire().await.unwrap();
    let mut silent = Vec::new();
    for number in 0..300 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        // Every other one begins a request that it never ends.
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await;
        }
        silent.push(stream);
    }
    let began = Instant::now();
    for _ in 0..20 {
        let answer = timeout(Duration::from_secs(10), ask(running.address, "/")).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");
    }
    assert!(began.elapsed() < Duration::from_secs(10));
    running.gate.add_permits(1);
    let answer = timeout(Duration::from_secs(10), in_progress).await.unwrap().unwrap();
    assert!(answer.ends_with("here"), "a request in progress was closed for another: {answer}");
    running.stop.send(true).unwrap();
}

#[tokio::test]
async fn headers_that_do_not_come_end_the_connection() {
    let running = run(Limits { headers: Duration::from_millis(100), ..Limits::default() }).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost:").await.unwrap();
    let mut rest = Vec::new();
    let ended = timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the connection is still open");
}

#[tokio::test]
async fn stopping_lets_a_request_in_progress_end() {
    let running = run(Limits::default()).await;
    let in_progress = tokio::spawn(ask(running.address, "/gated"));
    let idle = TcpStream::connect(running.address).await.unwrap();
    let _ = running.arrived.acquire().await.unwrap();
    running.stop.send(true).unwrap();
    running.gate.add_permits(1);
    let answer = timeout(Duration::from_secs(10), in_progress).await.unwrap().unwrap();
    assert!(answer.ends_with("here"), "{answer}");
    timeout(Duration::from_secs(10), running.task).await.unwrap().unwrap().unwrap();
    drop(idle);
}
