//! One worker: a process of one function version, and the invocations it runs, one after another.

use std::{
    io::{self, PipeReader, Read, pipe},
    os::{
        fd::{AsRawFd, RawFd},
        unix::process::ExitStatusExt,
    },
    process::{Command, ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use base::Timestamp;
use bytes::{BufMut, Bytes};
use ports::{Rng, RngExt, credentials::TemporaryCredentials};
use tokio::{
    io::AsyncReadExt,
    net::{UnixStream, unix::pipe::Receiver},
    time::{Instant, timeout},
};

use super::{
    Spec, Surroundings, environment::environment, log_pipe::Splitter, pool::Seat, process::Process,
    vitals::Vitals,
};
use crate::{
    logs::{InvocationLog, Report, StreamWriter},
    runtime_api::{Door, Event, Line, LineError, Pair, RESPONSE_LIMIT, Said},
    sandbox::{Reach, ending, has_ended},
    time_text,
};

/// How long a process that closed its line may take to end by itself, so that its exit status can be told.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// How long a runtime may take from its answer to its next question.
const SETTLING: Duration = Duration::from_secs(5);
const MEBIBYTE: u64 = 1024 * 1024;

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

/// Why there is no response.
#[derive(Clone)]
enum Failure {
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
        let writer = around.logs.writer(Arc::clone(&spec.log_group), log_stream.clone());

        let scratch = around.scratch_root.join(format!("{id:016x}"));
        tokio::fs::create_dir_all(&scratch).await?;
        let end = End::open(&spec, &*around.rng).await?;
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
        if !self.prints.splitter.buffer.is_empty() || self.process.is_some() {
            let mut log = InvocationLog::new(&self.writer, &self.spec.settings, false);
            self.prints.drain(&self.around, &mut log);
        }
    }
}

impl Failure {
    /// What the log says of it, and what the caller gets.
    fn tell(self, now: Timestamp, job: &Job, spec: &Spec, log: &mut InvocationLog<'_>) -> Bytes {
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
fn in_words(status: Option<ExitStatus>) -> String {
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

/// The two ends of a line, before there is a process at the other.
enum End {
    Pair { ours: std::os::unix::net::UnixStream, theirs: std::os::unix::net::UnixStream },
    Door(Door),
}

impl End {
    async fn open(spec: &Spec, rng: &dyn Rng) -> io::Result<Self> {
        if spec.launch.wants_address {
            return Door::open(rng).await.map(Self::Door);
        }
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        Ok(Self::Pair { ours, theirs })
    }

    fn inherited(&self) -> Option<RawFd> {
        match self {
            Self::Pair { theirs, .. } => Some(theirs.as_raw_fd()),
            Self::Door(_) => None,
        }
    }

    /// How the worker finds its end.
    fn variable(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Pair { theirs, .. } => Some(("POOLHOUSE_RUNTIME_FD", theirs.as_raw_fd().to_string())),
            Self::Door(door) => Some(("AWS_LAMBDA_RUNTIME_API", door.address.to_string())),
        }
    }

    fn line(self, pid: u32) -> io::Result<Line> {
        match self {
            Self::Pair { ours, .. } => Ok(Line::Pair(Pair::new(UnixStream::from_std(ours)?))),
            Self::Door(door) => Ok(Line::Bridge(door.listen(pid, ending(pid)?))),
        }
    }
}

/// What the worker prints.
struct Prints {
    pipe: Option<Receiver>,
    /// The same end, read without asking the event loop: at the end of an invocation, what was printed before the
    /// answer is in the pipe, whether or not the loop has noticed.
    raw: PipeReader,
    splitter: Splitter,
}

impl Prints {
    fn new(reader: PipeReader) -> io::Result<Self> {
        let raw = reader.try_clone()?;
        let pipe = Receiver::from_owned_fd(reader.into())?;
        Ok(Self { pipe: Some(pipe), raw, splitter: Splitter::default() })
    }

    /// Waits for more. Never comes back once the other end is closed.
    async fn more(&mut self) -> usize {
        match &mut self.pipe {
            Some(pipe) => pipe.read_buf(&mut self.splitter.buffer).await.unwrap_or_default(),
            None => std::future::pending().await,
        }
    }

    fn tell(&mut self, more: usize, around: &Surroundings, log: &mut InvocationLog<'_>) {
        if more == 0 {
            self.pipe = None;
        }
        self.splitter.take(around.clock.now(), false, |event| log.event(event));
    }

    /// Everything that is there now, at most a pipe's capacity many times over.
    fn drain(&mut self, around: &Surroundings, log: &mut InvocationLog<'_>) {
        for _ in 0..4096 {
            let mut chunk = [0_u8; 2048];
            match self.raw.read(&mut chunk) {
                Ok(count) if count > 0 => self.splitter.buffer.put_slice(&chunk[..count]),
                _ => break,
            }
        }
        if !self.splitter.buffer.is_empty() {
            self.splitter.take(around.clock.now(), true, |event| log.event(event));
        }
    }
}
