//! The lines that Lambda itself writes about an invocation (AWS Lambda Developer Guide, "Viewing CloudWatch logs for
//! Lambda functions"), as text or, where the function's log format says so, as JSON.

use std::{fmt::Write, sync::Arc, time::Duration};

use base::Timestamp;
use serde_json::{Value, json};

use super::{LogEvent, StreamWriter};
use crate::{rows::Settings, time_text};

/// `LogType: Tail` answers this much of the log's end.
const TAIL_LIMIT: usize = 4096;

/// Where the lines of one invocation go.
pub struct InvocationLog<'a> {
    writer: &'a Arc<StreamWriter>,
    json: bool,
    /// Platform lines are wanted: not where `SystemLogLevel` is `WARN`.
    platform: bool,
    tail: Option<String>,
}

/// What the last line says.
pub struct Report<'a> {
    pub now: Timestamp,
    pub request_id: &'a str,
    pub duration: Duration,
    pub init: Option<Duration>,
    pub memory_mb: u32,
    pub peak_mb: u64,
    /// `timeout` or `error`, where the environment did not survive.
    pub status: Option<&'a str>,
}

impl<'a> InvocationLog<'a> {
    pub fn new(writer: &'a Arc<StreamWriter>, settings: &Settings, keep_tail: bool) -> Self {
        let json = settings.log_format == "JSON";
        let platform = !(json && settings.system_log_level.as_deref() == Some("WARN"));
        Self { writer, json, platform, tail: keep_tail.then(String::new) }
    }

    pub fn init_start(&mut self, now: Timestamp, runtime_version: &str) {
        let record = || json!({ "initializationType": "on-demand", "phase": "init", "runtimeVersion": runtime_version });
        self.platform(now, "platform.initStart", record, || {
            format!("INIT_START Runtime Version: {runtime_version}\n")
        });
    }

    pub fn init_timed_out(&mut self, now: Timestamp, took: Duration) {
        let millis = millis(took);
        let record = || json!({ "phase": "init", "status": "timeout", "metrics": { "durationMs": millis } });
        let text = || format!("INIT_REPORT Init Duration: {millis:.2} ms\tPhase: init\tStatus: timeout\n");
        self.platform(now, "platform.initReport", record, text);
    }

    pub fn start(&mut self, now: Timestamp, request_id: &str, version: &str) {
        let record = || json!({ "requestId": request_id, "version": version });
        let text = || {
            let mut line = String::with_capacity(80);
            line.extend(["START RequestId: ", request_id, " Version: ", version, "\n"]);
            line
        };
        self.platform(now, "platform.start", record, text);
    }

    pub fn report(&mut self, report: &Report<'_>) {
        let Report { now, request_id, memory_mb, peak_mb, .. } = *report;
        let duration = millis(report.duration);
        let init = report.init.map(millis);
        let billed = (duration + init.unwrap_or_default()).ceil();
        if !self.json {
            let mut end = String::with_capacity(64);
            end.extend(["END RequestId: ", request_id, "\n"]);
            self.line(now, end);
        }
        let record = || {
            let mut metrics = json!({
                "durationMs": duration, "billedDurationMs": billed, "memorySizeMB": memory_mb,
                "maxMemoryUsedMB": peak_mb,
            });
            if let Some(init) = init {
                metrics["initDurationMs"] = json!(init);
            }
            json!({ "requestId": request_id, "metrics": metrics, "status": report.status.unwrap_or("success") })
        };
        let text = || {
            let mut line = String::with_capacity(192);
            let _ = write!(
                line,
                "REPORT RequestId: {request_id}\tDuration: {duration:.2} ms\tBilled Duration: {billed} ms\t\
                 Memory Size: {memory_mb} MB\tMax Memory Used: {peak_mb} MB\t"
            );
            if let Some(init) = init {
                let _ = write!(line, "Init Duration: {init:.2} ms\t");
            }
            if let Some(status) = report.status {
                let _ = write!(line, "Status: {status}");
                if status == "error" {
                    line.push_str("\tError Type: Runtime.ExitError");
                }
            }
            line.push('\n');
            line
        };
        self.platform(now, "platform.report", record, text);
    }

    /// Something that the function printed.
    pub fn event(&mut self, event: LogEvent) {
        if let Some(tail) = &mut self.tail {
            tail.push_str(&event.message);
            if !event.message.ends_with('\n') {
                tail.push('\n');
            }
            if tail.len() > 4 * TAIL_LIMIT {
                keep_end(tail);
            }
        }
        self.writer.push(event);
    }

    /// Something that Lambda says of it.
    pub fn line(&mut self, now: Timestamp, message: String) {
        self.event(LogEvent { timestamp: now, message });
    }

    /// The last 4 KiB, where they were asked for.
    pub fn into_tail(self) -> Option<String> {
        self.tail.map(|mut tail| {
            keep_end(&mut tail);
            tail
        })
    }

    fn platform(
        &mut self,
        now: Timestamp,
        kind: &str,
        record: impl FnOnce() -> Value,
        text: impl FnOnce() -> String,
    ) {
        if !self.platform {
            return;
        }
        let message = if self.json {
            json!({ "time": time_text::log_line(now), "type": kind, "record": record() }).to_string() + "\n"
        } else {
            text()
        };
        self.line(now, message);
    }
}

fn keep_end(tail: &mut String) {
    if tail.len() > TAIL_LIMIT {
        let mut from = tail.len() - TAIL_LIMIT;
        while !tail.is_char_boundary(from) {
            from += 1;
        }
        tail.drain(..from);
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
