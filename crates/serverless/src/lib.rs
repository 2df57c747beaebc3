//! `serverless.yml` to a CloudFormation template: the language of the Serverless Framework v3.
//!
//! [`load`] finds and reads a service's configuration, resolves its variables and checks it; [`compile`] packs its
//! functions and writes the templates. Both are pure but for reading files below the service's folder: no network, no
//! clock, no process. Whatever is wrong comes back as one [`Report`] with file, line and column.

pub mod compile;
pub mod diagnostics;
mod files;
mod load;
mod node;
pub mod package;
pub mod place;
mod plugins;
mod schema;
mod service;
mod variables;
mod yaml;

pub use compile::{Compiled, Deployment, Endpoint, FunctionPart, compile};
pub use diagnostics::{Diagnostic, Problem, Report, Severity};
pub use load::load;
pub use package::Artifact;
pub use service::{Function, Options, Service};
