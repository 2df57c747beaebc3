//! A whole server in a test: every room on a store of its own, a clock and a seed that the test holds, a socket on
//! loopback, and callers for anonymous, signed-in and admin requests.
//!
//! ```no_run
//! # async fn example() {
//! let server = testkit::Server::start().await;
//! let pool = server.admin().call("cognito-idp", "CreateUserPool", serde_json::json!({"PoolName": "people"})).await;
//! server.clock().advance_seconds(3600);
//! # }
//! ```
//! It panics where a test could not go on: that is what it is for.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot start should say so and end")]

mod callers;
mod clock;
mod post;
mod rng;
mod server;
mod wire;

pub use callers::{Admin, Anonymous, Refused, SignedIn};
pub use clock::HeldClock;
pub use post::{Post, Sent};
pub use rng::SeededRng;
pub use server::{Options, Server};
