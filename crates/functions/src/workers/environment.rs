//! What a function finds in its environment (AWS Lambda Developer Guide, "Using Lambda environment variables"). The list
//! starts empty: nothing of the server's own environment is handed on.

use std::path::Path;

use ports::credentials::TemporaryCredentials;

use super::{Spec, Surroundings};

/// What a function's own variables may not be called.
pub const RESERVED_VARIABLES: &[&str] = &[
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_DEFAULT_REGION",
    "AWS_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// Everything but the line's descriptor. Later entries beat earlier ones of the same name.
pub fn environment(
    spec: &Spec,
    around: &Surroundings,
    keys: &TemporaryCredentials,
    log_stream: &str,
    tmp: &Path,
) -> Vec<(String, String)> {
    let settings = &spec.settings;
    let package = spec.package.path().to_string_lossy().into_owned();
    let region = around.region.to_string();
    let mut all: Vec<(String, String)> = [
        ("LANG", "en_US.UTF-8"),
        ("TZ", ":UTC"),
        ("PATH", around.search_path.as_str()),
        ("AWS_ENDPOINT_URL", around.endpoint_url.as_str()),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    all.push((String::from("TMPDIR"), tmp.to_string_lossy().into_owned()));
    all.push((String::from("LD_LIBRARY_PATH"), format!("{package}:{package}/lib")));
    all.extend(spec.launch.environment.iter().cloned());
    all.extend(spec.variables.iter().map(|(name, value)| (name.clone(), value.clone())));
    let fixed = [
        ("_HANDLER", settings.handler.clone()),
        ("LAMBDA_TASK_ROOT", package),
        ("LAMBDA_RUNTIME_DIR", String::from("/var/runtime")),
        ("AWS_REGION", region.clone()),
        ("AWS_DEFAULT_REGION", region),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", settings.runtime)),
        ("AWS_LAMBDA_FUNCTION_NAME", spec.name.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", spec.version.clone()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", settings.memory_mb.to_string()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", String::from("on-demand")),
        ("AWS_LAMBDA_LOG_GROUP_NAME", spec.log_group.to_string()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", log_stream.to_owned()),
        ("AWS_ACCESS_KEY_ID", keys.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", keys.secret_access_key.expose().clone()),
        ("AWS_SESSION_TOKEN", keys.session_token.expose().clone()),
    ];
    all.extend(fixed.into_iter().map(|(name, value)| (name.to_owned(), value)));
    if settings.log_format == "JSON" {
        all.push((String::from("AWS_LAMBDA_LOG_FORMAT"), String::from("JSON")));
        let level = settings.application_log_level.as_deref().unwrap_or("INFO");
        all.push((String::from("AWS_LAMBDA_LOG_LEVEL"), level.to_owned()));
    }
    all
}
