//! Log lines, on stderr.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::{cli::LogFormat, failure::Failure};

/// Once a process; what is logged before is lost.
pub fn start(filter: &str, format: LogFormat) -> Result<(), Failure> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Failure::wrong(format!("'{filter}' is not a log filter: {error}"))
            .help("for example: info, or warn,poolhouse_http=debug")
    })?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let outcome = match format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
    };
    outcome.map_err(|error| Failure::tried(format!("logging cannot start: {error}")))
}
