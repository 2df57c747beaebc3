//! Warm invocations a second through [`ports::Invoke`], beside a bare loop over the same worker process: one write and
//! one read for each event, without pool, catalog, log or policy.
//!
//! `cargo bench -p poolhouse-functions`

use std::{
    io::{Cursor, Read, Write},
    os::{fd::AsRawFd, unix::net::UnixStream},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use base::{AwsError, Caller, Identity, Timestamp};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use functions::{CodeSource, Config, Functions, Parts, Seal};
use ports::{Clock, Invoke, Rng, RoleCredentials, credentials::TemporaryCredentials, invoke::Invocation};
use serde_json::json;
use store::Store;
use store_sqlite::SqliteEngine;

const HANDLER: &str = "exports.handler = async (event) => ({ statusCode: 200, body: 'hello ' + event.path })";
/// About what a gateway sends.
const EVENT: &str = r#"{"resource":"/hello","path":"/hello","httpMethod":"GET","headers":{"Accept":"*/*","Host":"localhost","User-Agent":"bench"},"queryStringParameters":null,"requestContext":{"resourceId":"abc123","apiId":"abcdefghij","stage":"beta","httpMethod":"GET","identity":{"sourceIp":"127.0.0.1"}},"body":null,"isBase64Encoded":false}"#;
const FOR: Duration = Duration::from_secs(3);

struct Bench;

#[allow(clippy::disallowed_methods, reason = "a bench reads the clock itself")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_millis(i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or_default())
}

static DRAWN: AtomicU64 = AtomicU64::new(1);

impl Clock for Bench {
    fn now(&self) -> Timestamp {
        now()
    }
}

impl Rng for Bench {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let drawn =
                DRAWN.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes();
            chunk.copy_from_slice(&drawn[..chunk.len()]);
        }
    }
}

#[async_trait]
impl RoleCredentials for Bench {
    async fn assume(&self, _role: &str, _session: &str) -> Result<TemporaryCredentials, String> {
        Ok(TemporaryCredentials {
            access_key_id: String::from("ASIABENCH"),
            secret_access_key: String::from("secret").into(),
            session_token: String::from("token").into(),
            expires_at: now().plus_seconds(3600),
        })
    }
}

#[async_trait]
impl CodeSource for Bench {
    async fn read(&self, _bucket: &str, _key: &str, _version: Option<&str>) -> Result<Bytes, AwsError> {
        Err(AwsError::client("NoSuchKey", "no buckets here"))
    }
}

impl Seal for Bench {
    fn seal(&self, _: &str, plaintext: &[u8]) -> Result<String, String> {
        Ok(STANDARD.encode(plaintext))
    }

    fn open(&self, _: &str, sealed: &str) -> Result<Vec<u8>, String> {
        STANDARD.decode(sealed).map_err(|cause| cause.to_string())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let bare = bare_loop()?;
    let one = bare.rate;
    println!("bare worker loop, 1 worker:            {bare}");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    for workers in [1, 2, 4] {
        let measured = runtime.block_on(through_invoke(workers))?;
        let share = measured.rate / one * 100.0;
        println!(
            "Invoke, {workers} callers, {workers} workers at most:  {measured} ({share:.0}% of one bare worker)"
        );
    }
    let cold = runtime.block_on(cold_start())?;
    println!("cold start, CreateFunction to answer:  {:>8.1} ms", cold.as_secs_f64() * 1000.0);
    Ok(())
}

/// Wall time says what a machine that does nothing else gives; processor time holds on a busy one too.
struct Measured {
    rate: f64,
    /// Microseconds of processor time for each invocation: of this process and of its workers.
    ours: f64,
    theirs: f64,
}

impl std::fmt::Display for Measured {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rate, ours, theirs } = self;
        write!(
            formatter,
            "{rate:>8.0} invocations/s, processor time {ours:>5.1} us here and {theirs:>5.1} us in workers"
        )
    }
}

/// Processor time so far, in microseconds: this process's and that of its children.
fn processor_time() -> (f64, f64) {
    let of = |pid: &str| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ').collect();
        let field = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or_default();
        (field(11) + field(12)) * 10_000.0
    };
    let mut children = String::new();
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        children += &std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
    }
    (of("self"), children.split_whitespace().map(of).sum())
}

#[allow(clippy::disallowed_methods, reason = "the worker, without anything around it")]
fn bare_loop() -> Result<Measured, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("index.js"), HANDLER)?;
    std::fs::write(folder.path().join("bootstrap.cjs"), include_str!("../src/runtimes/bootstrap.cjs"))?;
    let (mut ours, theirs) = UnixStream::pair()?;
    // The standard library closes it on exec; dup'ing it onto standard input keeps it.
    let stdin = Stdio::from(std::os::fd::OwnedFd::from(theirs.try_clone()?));
    let _ = theirs.as_raw_fd();
    let mut child = Command::new("node")
        .arg(folder.path().join("bootstrap.cjs"))
        .env("POOLHOUSE_RUNTIME_FD", "0")
        .env("LAMBDA_TASK_ROOT", folder.path())
        .env("_HANDLER", "index.handler")
        .stdin(stdin)
        .stdout(Stdio::null())
        .spawn()?;
    drop(theirs);
    let mut buffer = vec![0; 65536];
    let _ = ours.read(&mut buffer)?;
    let event = format!(
        "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\nHTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: 00010203-0405-4607-8809-0a0b0c0d0e0f\r\nlambda-runtime-deadline-ms: 1764000000000\r\nlambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:bench\r\npoolhouse-remaining-ms: 3000\r\ncontent-length: {}\r\n\r\n{EVENT}",
        EVENT.len()
    );
    let mut once = || -> std::io::Result<()> {
        ours.write_all(event.as_bytes())?;
        ours.read(&mut buffer).map(|_| ())
    };
    for _ in 0..5000 {
        once()?;
    }
    let before = processor_time();
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < FOR {
        once()?;
        count += 1;
    }
    let rate = f64::from(count) / began.elapsed().as_secs_f64();
    let after = processor_time();
    child.kill()?;
    child.wait()?;
    let count = f64::from(count);
    Ok(Measured { rate, ours: (after.0 - before.0) / count, theirs: (after.1 - before.1) / count })
}

async fn through_invoke(workers: usize) -> Result<Measured, Box<dyn std::error::Error>> {
    let (_folder, functions) = open(workers)?;
    create(&functions).await?;
    calls(&functions, workers, FOR).await?;
    let (before, began) = (processor_time(), Instant::now());
    let count = calls(&functions, workers, FOR).await?;
    let (after, took) = (processor_time(), began.elapsed());
    functions.close().await;
    Ok(Measured {
        rate: count / took.as_secs_f64(),
        ours: (after.0 - before.0) / count,
        theirs: (after.1 - before.1) / count,
    })
}

async fn calls(
    functions: &Functions,
    callers: usize,
    time: Duration,
) -> Result<f64, Box<dyn std::error::Error>> {
    let callers: Vec<_> = (0..callers)
        .map(|_| {
            let functions = functions.clone();
            tokio::spawn(async move {
                let (began, mut count) = (Instant::now(), 0_u32);
                while began.elapsed() < time {
                    let invoked = functions.invoke(invocation()).await.map_err(|cause| cause.to_string())?;
                    if invoked.function_error.is_some() {
                        return Err(String::from_utf8_lossy(&invoked.payload).into_owned());
                    }
                    count += 1;
                }
                Ok(f64::from(count))
            })
        })
        .collect();
    let mut count = 0.0;
    for caller in callers {
        count += caller.await??;
    }
    Ok(count)
}

async fn cold_start() -> Result<Duration, Box<dyn std::error::Error>> {
    let (_folder, functions) = open(1)?;
    let began = Instant::now();
    create(&functions).await?;
    functions.invoke(invocation()).await?;
    let took = began.elapsed();
    functions.close().await;
    Ok(took)
}

#[allow(clippy::disallowed_methods, reason = "where this machine keeps its programs")]
fn open(workers: usize) -> Result<(tempfile::TempDir, Functions), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut config = Config::new("http://127.0.0.1:4747", folder.path());
    config.search_path = std::env::var("PATH")?;
    config.max_workers_per_function = workers;
    let functions = Functions::open(Parts {
        config,
        store: Store::new(Arc::new(SqliteEngine::in_memory(Arc::new(now))?)),
        clock: Arc::new(Bench),
        rng: Arc::new(Bench),
        credentials: Arc::new(Bench),
        code: Arc::new(Bench),
        seal: Arc::new(Bench),
    })?;
    Ok((folder, functions))
}

async fn create(functions: &Functions) -> Result<(), AwsError> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let zip = writer
        .start_file("index.js", zip::write::SimpleFileOptions::default())
        .and_then(|()| Ok(writer.write_all(HANDLER.as_bytes())?))
        .and_then(|()| writer.finish())
        .map_err(|cause| AwsError::client("Zip", cause.to_string()))?;
    let caller = Caller {
        identity: Identity::Anonymous,
        source_ip: String::from("127.0.0.1"),
        request_id: String::from("bench"),
    };
    let input = json!({
        "FunctionName": "bench", "Runtime": "nodejs20.x", "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/bench", "MemorySize": 512,
        "Code": { "ZipFile": STANDARD.encode(zip.into_inner()) },
    });
    functions.call("CreateFunction", &caller, input).await.map(|_| ())
}

fn invocation() -> Invocation {
    Invocation {
        function: String::from("bench"),
        payload: Bytes::from_static(EVENT.as_bytes()),
        on_behalf_of: None,
        wait: true,
        tail_log: false,
        client_context: None,
    }
}
