//! Amazon CloudWatch Logs, on the `functions` room, which writes the logs.

mod log_group;

use std::sync::Arc;

use functions::Functions;

use super::Registry;

pub const SERVICE: &str = "CloudWatchLogs";

pub fn register(registry: &mut Registry, functions: &Functions) {
    registry.add(Arc::new(log_group::LogGroup { functions: functions.clone() }));
}
