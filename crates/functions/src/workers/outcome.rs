//! What an invocation brings to a worker, and how it may end, in Lambda's words.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus, sync::Arc};

use base::Timestamp;
use bytes::Bytes;

use super::Spec;
use crate::{logs::InvocationLog, runtime_api::RESPONSE_LIMIT, time_text};

/// What one invocation brings.
pub struct Job {
    pub request_id: String,
    pub function_arn: Arc<str>,
    pub payload: Bytes,
    /// JSON on one line.
    pub client_context: Option<String>,
    pub tail_log: bool,
}

/// How it went.
pub struct Ended {
    pub payload: Bytes,
    /// The payload is an error.
    pub failed: bool,
    pub log_tail: Option<String>,
}

impl Ended {
    /// An error that came before there was a worker.
    pub fn unable(kind: &str, request_id: &str, words: &str) -> Self {
        let payload = error_body(kind, &format!("RequestId: {request_id} Error: {words}"));
        Self { payload, failed: true, log_tail: None }
    }
}

/// Why there is no response.
#[derive(Clone)]
pub enum Failure {
    /// The runtime said so itself.
    Posted {
        kind: Option<String>,
        body: Bytes,
    },
    TooLarge,
    /// The process is gone; in Lambda's words.
    Exited(String),
    TimedOut,
}

impl Failure {
    /// What the log says of it, and what the caller gets.
    pub fn tell(self, now: Timestamp, job: &Job, spec: &Spec, log: &mut InvocationLog<'_>) -> Bytes {
        let id = &job.request_id;
        match self {
            Self::Posted { kind, body } => {
                if body.is_empty() {
                    let kind = kind.unwrap_or_else(|| String::from("Runtime.Unknown"));
                    return error_body(&kind, &format!("RequestId: {id} Error: the runtime gave no reason"));
                }
                body
            }
            Self::TooLarge => error_body(
                "Function.ResponseSizeTooLarge",
                &format!(
                    "Response payload size exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes)."
                ),
            ),
            Self::Exited(words) => {
                let message = format!("RequestId: {id} Error: {words}");
                log.line(now, format!("{message}\nRuntime.ExitError\n"));
                error_body("Runtime.ExitError", &message)
            }
            Self::TimedOut => {
                let words =
                    format!("Task timed out after {:.2} seconds", f64::from(spec.settings.timeout_seconds));
                log.line(now, format!("{} {id} {words}\n\n", time_text::log_line(now)));
                error_body("Sandbox.Timedout", &format!("RequestId: {id} Error: {words}"))
            }
        }
    }
}

fn error_body(kind: &str, message: &str) -> Bytes {
    Bytes::from(serde_json::json!({ "errorType": kind, "errorMessage": message }).to_string())
}

/// How a process ended, as Lambda says it.
pub fn in_words(status: Option<ExitStatus>) -> String {
    let Some(status) = status else { return String::from("Runtime exited with error: signal: killed") };
    if let Some(signal) = status.signal() {
        let name = match signal {
            libc::SIGHUP => "hangup",
            libc::SIGINT => "interrupt",
            libc::SIGQUIT => "quit",
            libc::SIGILL => "illegal instruction",
            libc::SIGTRAP => "trace/breakpoint trap",
            libc::SIGABRT => "aborted",
            libc::SIGBUS => "bus error",
            libc::SIGFPE => "floating point exception",
            libc::SIGKILL => "killed",
            libc::SIGSEGV => "segmentation fault",
            libc::SIGPIPE => "broken pipe",
            libc::SIGTERM => "terminated",
            libc::SIGXFSZ => "file size limit exceeded",
            other => return format!("Runtime exited with error: signal: {other}"),
        };
        return format!("Runtime exited with error: signal: {name}");
    }
    match status.code() {
        Some(0) | None => String::from("Runtime exited without providing a reason"),
        Some(code) => format!("Runtime exited with error: exit status {code}"),
    }
}
