//! The Lambda Runtime API, server side (AWS Lambda Developer Guide, "Using the Lambda runtime API for custom
//! runtimes"): `GET …/invocation/next`, `POST …/invocation/<id>/response`, `…/error`, `…/init/error`.
//!
//! A worker started by a bootstrap of ours speaks it over a socket pair it inherited: there is no address to find, so
//! nothing but that worker can be at the other end.

mod bridge;
mod line;
mod wire;

pub use bridge::Door;
pub use line::{Event, Line, LineError, Pair, Said};

/// AWS Lambda Developer Guide, "Lambda quotas": what a function may answer, with the envelope AWS allows around it.
pub const RESPONSE_LIMIT: usize = 6_291_556;
