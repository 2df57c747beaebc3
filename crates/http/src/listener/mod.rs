//! The listener: accepts connections, bounds them, and closes them well.
//!
//! A connection that says nothing costs a slot. When all slots are taken, the connection that has been silent longest
//! is closed for the new one, so that ten thousand slow clients cannot keep out one that has something to say; a
//! connection in the middle of a request is never the one to go.

mod seats;
mod stalling;

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::body::Body;
use http::{Request, Response};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    time::timeout,
};

use crate::limits::Limits;
use seats::{Seat, Seats};
use stalling::Stalling;

/// What answers requests.
pub trait Answer: Clone + Send + Sync + 'static {
    fn answer(&self, peer: SocketAddr, request: Request<Body>)
    -> impl Future<Output = Response<Body>> + Send;

    /// Told how many connections are open, whenever that changes.
    fn open_connections(&self, _count: usize) {}
}

/// Serves until `stop` says so, then lets requests in progress end, for as long as the limits allow.
pub async fn serve<A: Answer>(
    listener: TcpListener,
    answer: A,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let seats = Seats::new(limits.connections.min(open_files_allow()));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let seat = tokio::select! {
                    seat = seats.take() => seat,
                    _ = stop.wait_for(|stop| *stop) => break,
                };
                tokio::spawn(connection(stream, peer, answer.clone(), limits.clone(), seat, stop.clone()));
            }
            Err(cause) if is_of_one_connection(&cause) => {}
            Err(cause) => {
                // Most likely out of file descriptors: make room, and do not spin.
                tracing::warn!(%cause, "a connection could not be accepted");
                seats.ask_one_to_go();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    drop(listener);
    if timeout(limits.farewell, seats.empty()).await.is_err() {
        tracing::warn!("some requests were still in progress when the server stopped");
    }
    Ok(())
}

async fn connection<A: Answer>(
    stream: TcpStream,
    peer: SocketAddr,
    answer: A,
    limits: Limits,
    seat: Arc<Seat>,
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let _counted = Counted::new(&answer, &seat);
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer.clone();
        let busy = seat.busy();
        async move {
            let response = answer.answer(peer, request.map(Body::new)).await;
            // The request is over when its answer's body is.
            Ok::<_, Infallible>(response.map(|body| busy.until_the_end_of(body)))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.headers).max_buf_size(64 << 10).keep_alive(true);
    let io = TokioIo::new(Stalling::new(stream, limits.stalled_write));
    let connection = http.serve_connection(io, service).with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let mut leaving = false;
    loop {
        let ended = tokio::select! {
            ended = connection.as_mut() => ended,
            () = seat.asked_to_go(), if !leaving => {
                // Silent, so that nothing is lost by closing at once; unless a request came in just now.
                if seat.is_busy() {
                    continue;
                }
                return;
            }
            _ = stop.wait_for(|stop| *stop), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
                continue;
            }
        };
        if let Err(cause) = ended {
            tracing::debug!(%peer, %cause, "a connection ended early");
        }
        return;
    }
}

/// Tells the count when a connection comes and when it goes.
struct Counted<'a, A: Answer> {
    answer: &'a A,
    seat: &'a Seat,
}

impl<'a, A: Answer> Counted<'a, A> {
    fn new(answer: &'a A, seat: &'a Seat) -> Self {
        answer.open_connections(seat.taken());
        Self { answer, seat }
    }
}

impl<A: Answer> Drop for Counted<'_, A> {
    fn drop(&mut self) {
        self.answer.open_connections(self.seat.taken().saturating_sub(1));
    }
}

/// Connections that went before they were accepted say nothing of the listener.
fn is_of_one_connection(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// Three quarters of the files this process may open; the rest is for the store, functions and calls out.
fn open_files_allow() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let soft = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
    soft.map_or(usize::MAX, |soft| (soft / 4 * 3).max(16))
}
