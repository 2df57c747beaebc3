//! What the room keeps. All of a function's rows share its name as their partition.

mod alias;
mod event_invoke_config;
mod function;
mod policy;
mod queued_event;

pub use alias::AliasRow;
pub use event_invoke_config::EventInvokeConfigRow;
pub use function::{Code, FunctionRow, LATEST_KEY, Settings, VersionRow, version_key};
pub use policy::{PolicyRow, Statement};
pub use queued_event::QueuedEventRow;
