//! One worker: a process of one function version, and the invocations it runs, one after another.

use std::{
    io::{self, pipe},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use base::Timestamp;
use bytes::Bytes;
use ports::{RngExt, credentials::TemporaryCredentials};
use tokio::time::{Instant, timeout};

use super::{
    Spec, Surroundings,
    ends::Ends,
    environment::environment,
    outcome::{Ended, Failure, Job, in_words},
    pool::Seat,
    prints::Prints,
    process::Process,
    vitals::Vitals,
};
use crate::{
    logs::{InvocationLog, Report, StreamWriter},
    runtime_api::{Event, Line, LineError, Said},
    sandbox::{Reach, has_ended},
    time_text,
};

/// How long a process that closed its line may take to end by itself, so that its exit status can be told.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a runtime may take from its answer to its next question.
const SETTLING: Duration = Duration::from_secs(5);
const MEBIBYTE: u64 = 1024 * 1024;

pub struct Worker {
    id: u64,
    spec: Arc<Spec>,
    around: Arc<Surroundings>,
    line: Line,
    process: Option<Process>,
    vitals: Arc<Vitals>,
    prints: Prints,
    writer: Arc<StreamWriter>,
    state: State,
    /// How long initialisation took, until a report has told it.
    init: Option<Duration>,
    began: Instant,
    pub keys_until: Timestamp,
    pub idle_since: Instant,
    seat: Seat,
}

enum State {
    Starting,
    /// It asked for an event.
    Ready,
    /// It has an event, or has answered and not asked again.
    Busy,
    /// Initialisation ended like this; every invocation of this worker will.
    Broken(Failure),
}

impl Worker {
    /// Starts the process and waits until it asks for its first event, fails, or takes longer than initialisation
    /// may; in the last case the first invocation goes on waiting. `Err` is this server's failure, not the function's.
    pub async fn start(
        spec: Arc<Spec>,
        around: Arc<Surroundings>,
        keys: &TemporaryCredentials,
        keys_until: Timestamp,
        seat: Seat,
    ) -> io::Result<Self> {
        let id = u64::from_le_bytes(around.rng.bytes());
        let now = around.clock.now();
        let stream_id = crate::packages::hex(&around.rng.bytes::<16>());
        let log_stream = format!("{}/[{}]{stream_id}", time_text::stream_day(now), spec.version);
        let writer = around.logs.writer(&spec.name, Arc::clone(&spec.log_group), log_stream.clone());

        let scratch = around.scratch_root.join(format!("{id:016x}"));
        tokio::fs::create_dir_all(&scratch).await?;
        let end = Ends::open(&spec, &*around.rng).await?;
        let (reader, output) = pipe()?;
        let settings = &spec.settings;
        // A folder that also holds the server's data is not opened to functions, even for an interpreter's sake.
        let readable: Vec<_> =
            spec.launch.readable.iter().filter(|path| !around.data_dir.starts_with(path)).cloned().collect();
        let fence = around.sandbox.fence(&Reach {
            package: spec.package.path(),
            scratch: &scratch,
            readable: &readable,
            line: end.inherited(),
            file_size_limit: u64::from(settings.ephemeral_storage_mb) * MEBIBYTE,
        })?;
        let tmp = if around.sandbox.private_tmp() { "/tmp".as_ref() } else { scratch.as_path() };
        #[allow(clippy::disallowed_methods, reason = "the named edge: functions::workers")]
        let mut command = Command::new(&spec.launch.program);
        command
            .args(&spec.launch.arguments)
            .env_clear()
            .envs(environment(&spec, &around, keys, &log_stream, tmp))
            .envs(end.variable())
            .current_dir(spec.package.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output);
        let began = Instant::now();
        let process = around.keeper.start(command, fence, scratch).await?;
        let line = end.line(process.pid())?;
        let vitals = Arc::new(Vitals::open(process.pid(), settings.memory_mb)?);
        around.watch.add(id, Arc::clone(&vitals));
        let mut worker = Self {
            id,
            line,
            process: Some(process),
            vitals,
            prints: Prints::new(reader)?,
            writer,
            state: State::Starting,
            init: None,
            began,
            keys_until,
            idle_since: began,
            seat,
            spec,
            around,
        };
        worker.initialise().await;
        worker.seat.started();
        Ok(worker)
    }

    async fn initialise(&mut self) {
        let writer = Arc::clone(&self.writer);
        let mut log = InvocationLog::new(&writer, &self.spec.settings, false);
        log.init_start(self.around.clock.now(), &self.spec.launch.version);
        if timeout(self.around.init_deadline, self.become_ready(&mut log)).await.is_err() {
            log.init_timed_out(self.around.clock.now(), self.began.elapsed());
        }
    }

    /// Hears the runtime out until it asks for its first event or is broken.
    async fn become_ready(&mut self, log: &mut InvocationLog<'_>) {
        while matches!(self.state, State::Starting) {
            let said = tokio::select! {
                biased;
                said = self.line.hear() => said,
                more = self.prints.more() => {
                    self.prints.tell(more, &self.around, log);
                    continue;
                }
            };
            self.state = match said {
                Ok(Said::Next) => State::Ready,
                Ok(Said::InitError { kind, body }) => State::Broken(Failure::Posted { kind, body }),
                Ok(_) => State::Starting,
                Err(LineError::Malformed) => State::Broken(self.end().await),
                Err(LineError::Closed) => State::Broken(self.end().await),
            };
        }
        self.init = Some(self.began.elapsed());
        self.prints.drain(&self.around, log);
    }

    /// Whether it can be given an event right now.
    pub fn is_usable(&self) -> bool {
        let there = match (&self.line, &self.process) {
            (Line::Pair(_), Some(_)) => true, // a closed line is not quiet
            (Line::Bridge(_), Some(process)) => !has_ended(process.pid()),
            (_, None) => false,
        };
        there && matches!(self.state, State::Ready) && self.line.is_quiet() && !self.vitals.is_over()
    }

    /// Whether initialisation failed for good.
    pub fn is_broken(&self) -> bool {
        matches!(self.state, State::Broken(_))
    }

    /// Runs one invocation, from its START to its REPORT line.
    pub async fn run(&mut self, job: &Job) -> Ended {
        // The log needs the writer while the rest of the worker changes.
        let writer = Arc::clone(&self.writer);
        let spec = Arc::clone(&self.spec);
        let mut log = InvocationLog::new(&writer, &spec.settings, job.tail_log);
        log.start(self.around.clock.now(), &job.request_id, &spec.version);
        let began = Instant::now();
        let allowed = Duration::from_secs(u64::from(spec.settings.timeout_seconds));
        let outcome = match timeout(allowed, self.converse(job, allowed, &mut log)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.kill();
                Err(Failure::TimedOut)
            }
        };
        let duration = began.elapsed();
        self.prints.drain(&self.around, &mut log);
        self.vitals.look_again();
        let now = self.around.clock.now();
        let ended = match outcome {
            Ok(payload) => Ended { payload, failed: false, log_tail: None },
            Err(failure) => {
                let payload = failure.tell(now, job, &spec, &mut log);
                Ended { payload, failed: true, log_tail: None }
            }
        };
        log.report(&Report {
            now,
            request_id: &job.request_id,
            duration,
            init: self.init.take(),
            memory_mb: spec.settings.memory_mb,
            peak_mb: self.vitals.peak_mb(),
            status: if self.process.is_none() {
                Some(if duration >= allowed { "timeout" } else { "error" })
            } else {
                None
            },
        });
        Ended { log_tail: log.into_tail(), ..ended }
    }

    async fn converse(
        &mut self,
        job: &Job,
        allowed: Duration,
        log: &mut InvocationLog<'_>,
    ) -> Result<Bytes, Failure> {
        let began = Instant::now();
        if matches!(self.state, State::Starting) {
            self.become_ready(log).await;
        }
        if let State::Broken(failure) = &self.state {
            return Err(failure.clone());
        }
        self.state = State::Busy;
        let remaining =
            u64::try_from((allowed.saturating_sub(began.elapsed())).as_millis()).unwrap_or(u64::MAX);
        let event = Event {
            request_id: &job.request_id,
            deadline_millis: self
                .around
                .clock
                .now()
                .plus_millis(i64::try_from(remaining).unwrap_or(i64::MAX))
                .millis(),
            remaining_millis: remaining,
            function_arn: &job.function_arn,
            client_context: job.client_context.as_deref(),
            payload: &job.payload,
        };
        if self.line.tell(&event).await.is_err() {
            return Err(self.end().await);
        }
        loop {
            let said = tokio::select! {
                biased;
                said = self.line.hear() => said,
                more = self.prints.more() => {
                    self.prints.tell(more, &self.around, log);
                    continue;
                }
            };
            match said {
                Ok(Said::Response { id, body }) if id == job.request_id => return Ok(body),
                Ok(Said::TooLarge { id }) if id == job.request_id => return Err(Failure::TooLarge),
                Ok(Said::Error { id, kind, body }) if id == job.request_id => {
                    return Err(Failure::Posted { kind, body });
                }
                // What it had left to say of itself when this event had already been sent.
                Ok(Said::InitError { kind, body }) => return Err(Failure::Posted { kind, body }),
                // Answers to another invocation, or a second one to this: acknowledged, and not counted.
                Ok(_) => {}
                Err(_) => return Err(self.end().await),
            }
        }
    }

    /// Ends the process, with everything it started.
    fn kill(&mut self) {
        // Off the watch before the process is waited for, so that the watch never holds another's number.
        self.around.watch.remove(self.id);
        self.process = None;
    }

    /// The line is cut: learns how the process ended.
    async fn end(&mut self) -> Failure {
        let status = match self.process.take() {
            Some(process) => {
                self.around.watch.remove(self.id);
                process.ended(LAST_WORDS).await
            }
            None => None,
        };
        Failure::Exited(in_words(status))
    }

    /// After an answer: whether the runtime has asked for the next event already. Looks, does not wait.
    pub fn has_settled(&mut self) -> bool {
        if matches!(self.state, State::Busy)
            && self.process.is_some()
            && matches!(self.line.heard(), Ok(Some(Said::Next)))
        {
            self.state = State::Ready;
        }
        matches!(self.state, State::Ready)
    }

    /// As `has_settled`, but waits a while.
    pub async fn settle(&mut self) -> bool {
        if self.has_settled() {
            return true;
        }
        if self.process.is_none() || self.line.flush().await.is_err() {
            return false;
        }
        let next = async {
            loop {
                match self.line.hear().await {
                    Ok(Said::Next) => return true,
                    Ok(_) => {}
                    Err(_) => return false,
                }
            }
        };
        let ready = timeout(SETTLING, next).await.unwrap_or(false);
        if ready {
            self.state = State::Ready;
        }
        ready
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.around.watch.remove(self.id);
        if self.prints.holds_something() || self.process.is_some() {
            let mut log = InvocationLog::new(&self.writer, &self.spec.settings, false);
            self.prints.drain(&self.around, &mut log);
        }
    }
}
