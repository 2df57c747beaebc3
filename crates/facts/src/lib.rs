//! What AWS says of its APIs: shapes, limits, patterns, errors. Generated from the tables under `facts/`.
//!
//! Each service is a module with, for each operation that a room has types for, a unit struct that implements
//! [`Operation`], an error enum that holds exactly what the operation may raise, and plain structs for its shapes. [`read`]
//! turns the JSON of a request into the operation's input and words every broken constraint as AWS does. [`services`] gives
//! the facts of every operation as tables, for whoever speaks the protocols.

pub mod coverage;
mod error;
mod operation;
mod pattern;
mod redact;
mod services;
pub mod shape;
mod typed;
mod validate;
pub mod wire;

pub use error::WireError;
pub use operation::{Operation, read, write};
pub use services::{cloudformation, cognito_idp, find, iam, lambda, logs, services, sts};
pub use shape::{OperationShape, Protocol, Service};
pub use typed::Empty;
pub use validate::validate;
pub use wire::{Unreadable, Wire};

pub(crate) use typed::{error_struct, operation, structure};
