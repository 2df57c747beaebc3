//! What workers of a killed server left running: a worker dies with its server, but a process that the worker had started
//! and that left its parent does not.

use std::{fs, path::Path};

use super::enter::kill_one;

/// Ends processes that run in a package of this data folder with a function's environment. The folder is the server's
/// alone, so they are nobody else's.
pub fn end_leftovers(data_dir: &Path) {
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let inside = fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(data_dir));
        if !inside || pid == std::process::id() {
            continue;
        }
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if environment.split(|byte| *byte == 0).any(|entry| entry.starts_with(b"AWS_LAMBDA_FUNCTION_NAME=")) {
            tracing::warn!(pid, "a process that a function of an earlier life had left behind was ended");
            kill_one(pid);
        }
    }
}
