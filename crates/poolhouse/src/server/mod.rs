//! The server: its settings, its data folder, and the two commands that start it.

mod credentials_file;
pub mod dev;
pub mod engine;
pub mod files;
mod logging;
mod master_key;
pub mod serve;
mod settings;
mod start;
mod watch;

pub use settings::Settings;
pub use start::Running;
