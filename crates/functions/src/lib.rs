//! The Lambda room: functions, their versions, aliases and permissions, the worker processes that run them, and the
//! logs they write.
//!
//! A call comes in at [`Functions`]: as an AWS operation ([`Functions::call`], [`Functions::call_logs`]) or as an
//! invocation ([`ports::Invoke`]). An invocation is resolved once (`catalog`), takes a warm worker from the version's
//! pool (`workers`) or starts one (`runtimes` says how, `packages` unpacks the code, `sandbox` fences it in), and
//! speaks the Lambda Runtime API with it (`runtime_api`). What the worker prints goes to `logs`.

mod api;
mod catalog;
mod functions;
mod invoke;
mod logs;
mod packages;
mod parts;
mod reference;
mod rows;
mod runtime_api;
mod runtimes;
mod sandbox;
mod time_text;
mod workers;

pub use api::UNSUPPORTED;
pub use functions::{Functions, OpenError};
pub use logs::{LiveLogEvent, UNSUPPORTED_LOGS};
pub use parts::{CodeSource, Config, Parts, Seal};
pub use runtimes::{RuntimeSupport, runtime_support};
