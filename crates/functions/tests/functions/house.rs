//! A room to test in: functions on an engine of its own, with a clock that goes and roles that can be assumed.

use std::{
    io::{Cursor, Write},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use base::{AwsError, Caller, Identity, Timestamp};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use functions::{CodeSource, Config, Functions, Parts, Seal};
use ports::{
    Clock, Invoke, Rng, RoleCredentials,
    credentials::TemporaryCredentials,
    invoke::{Invocation, InvokeError, Invoked},
};
use serde_json::{Value, json};
use store::Store;
use store_sqlite::SqliteEngine;
use zip::{ZipWriter, write::SimpleFileOptions};

pub const ROLE: &str = "arn:aws:iam::000000000000:role/hello-role";

pub struct House {
    pub functions: Functions,
    pub store: Store,
    pub clock: Arc<GoingClock>,
    pub data: tempfile::TempDir,
}

/// Starts at a known moment, goes as time goes, and jumps when told to.
pub struct GoingClock {
    began: Instant,
    ahead: AtomicI64,
}

impl Clock for GoingClock {
    fn now(&self) -> Timestamp {
        let gone = i64::try_from(self.began.elapsed().as_millis()).unwrap();
        Timestamp::from_millis(1_764_000_000_000 + gone + self.ahead.load(Ordering::Relaxed))
    }
}

impl GoingClock {
    pub fn jump(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
    }
}

/// Every life draws from a place of its own.
static LIVES: AtomicU64 = AtomicU64::new(1 << 32);

/// Different at every draw; that is all these tests need.
struct Counting(AtomicU64);

impl Rng for Counting {
    fn fill(&self, buffer: &mut [u8]) {
        for byte in buffer.chunks_mut(8) {
            let drawn =
                self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
            let drawn = drawn.wrapping_mul(0xbf58_476d_1ce4_e5b9).to_le_bytes();
            byte.copy_from_slice(&drawn[..byte.len()]);
        }
    }
}

struct Roles {
    clock: Arc<GoingClock>,
    given: AtomicU64,
}

#[async_trait]
impl RoleCredentials for Roles {
    async fn assume(&self, role_arn: &str, _session_name: &str) -> Result<TemporaryCredentials, String> {
        if !role_arn.ends_with("/hello-role") {
            return Err(String::from("no such role"));
        }
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        Ok(TemporaryCredentials {
            access_key_id: format!("ASIATEST{number}"),
            secret_access_key: String::from("role-secret").into(),
            session_token: String::from("role-token").into(),
            expires_at: self.clock.now().plus_seconds(3600),
        })
    }
}

struct NoBuckets;

#[async_trait]
impl CodeSource for NoBuckets {
    async fn read(&self, _bucket: &str, key: &str, _version: Option<&str>) -> Result<Bytes, AwsError> {
        match key {
            "hello.zip" => Ok(zip(&[("index.js", "exports.handler = async () => 'from the bucket'")])),
            _ => Err(AwsError::with_status(404, "NoSuchKey", "The specified key does not exist.")),
        }
    }
}

/// Not a cipher: enough to see that what is kept is not what was given.
struct Masking;

impl Seal for Masking {
    fn seal(&self, bound_to: &str, plaintext: &[u8]) -> Result<String, String> {
        Ok(format!("{}|{}", bound_to, STANDARD.encode(plaintext)))
    }

    fn open(&self, bound_to: &str, sealed: &str) -> Result<Vec<u8>, String> {
        let (bound, body) = sealed.split_once('|').ok_or("not sealed")?;
        if bound != bound_to {
            return Err(String::from("bound to something else"));
        }
        STANDARD.decode(body).map_err(|cause| cause.to_string())
    }
}

impl House {
    pub fn open() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        let clock = Arc::new(GoingClock { began: Instant::now(), ahead: AtomicI64::new(0) });
        let engine_clock = Arc::clone(&clock);
        let engine = SqliteEngine::in_memory(Arc::new(move || engine_clock.now())).unwrap();
        Self::on(Store::new(Arc::new(engine)), clock, change)
    }

    /// Another life on the same store.
    pub fn on(store: Store, clock: Arc<GoingClock>, change: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::new("http://127.0.0.1:4747", data.path());
        config.search_path = search_path();
        config.retry_delays = [Duration::from_millis(20), Duration::from_millis(40)];
        change(&mut config);
        let functions = Functions::open(Parts {
            config,
            store: store.clone(),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            rng: Arc::new(Counting(AtomicU64::new(LIVES.fetch_add(1 << 32, Ordering::Relaxed)))),
            credentials: Arc::new(Roles { clock: Arc::clone(&clock), given: AtomicU64::new(1) }),
            code: Arc::new(NoBuckets),
            seal: Arc::new(Masking),
        })
        .unwrap();
        Self { functions, store, clock, data }
    }

    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.functions.call(operation, &caller(), input).await
    }

    pub async fn logs(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.functions.call_logs(operation, &caller(), input).await
    }

    /// A Node function out of `index.js`.
    pub async fn deploy(&self, name: &str, source: &str) -> Value {
        self.deploy_with(name, &[("index.js", source)], json!({})).await
    }

    /// `more` is merged over the usual input.
    pub async fn deploy_with(&self, name: &str, files: &[(&str, &str)], more: Value) -> Value {
        let mut input = json!({
            "FunctionName": name, "Runtime": "nodejs20.x", "Handler": "index.handler", "Role": ROLE,
            "Code": { "ZipFile": STANDARD.encode(zip(files)) },
        });
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        self.call("CreateFunction", input).await.unwrap()
    }

    pub async fn invoke(&self, function: &str, payload: Value) -> Result<Invoked, InvokeError> {
        self.functions.invoke(invocation(function, &payload)).await
    }

    /// The answer of a function that is expected to succeed.
    pub async fn answer(&self, function: &str, payload: Value) -> Value {
        let invoked = self.invoke(function, payload).await.unwrap();
        let answer: Value = serde_json::from_slice(&invoked.payload).unwrap();
        assert_eq!(invoked.function_error, None, "{answer}");
        answer
    }

    /// The error of a function that is expected to fail.
    pub async fn failure(&self, function: &str, payload: Value) -> Value {
        let invoked = self.invoke(function, payload).await.unwrap();
        let answer: Value = serde_json::from_slice(&invoked.payload).unwrap();
        assert_eq!(invoked.function_error.as_deref(), Some("Unhandled"), "{answer}");
        answer
    }

    /// Every log message of a function so far, in order.
    pub async fn messages(&self, function: &str) -> Vec<String> {
        self.functions.flush_logs().await;
        let input = json!({ "logGroupName": format!("/aws/lambda/{function}") });
        let found = self.logs("FilterLogEvents", input).await.unwrap();
        let events = found["events"].as_array().unwrap();
        events.iter().map(|event| event["message"].as_str().unwrap().to_owned()).collect()
    }
}

pub fn invocation(function: &str, payload: &Value) -> Invocation {
    Invocation {
        function: function.to_owned(),
        payload: Bytes::from(payload.to_string()),
        on_behalf_of: None,
        wait: true,
        tail_log: false,
        client_context: None,
    }
}

pub fn caller() -> Caller {
    Caller {
        identity: Identity::Principal {
            account: String::from("000000000000"),
            arn: String::from("arn:aws:iam::000000000000:root"),
            user_id: String::from("000000000000"),
        },
        source_ip: String::from("127.0.0.1"),
        request_id: String::from("test"),
    }
}

pub fn zip(files: &[(&str, &str)]) -> Bytes {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    Bytes::from(writer.finish().unwrap().into_inner())
}

pub fn encoded(files: &[(&str, &str)]) -> String {
    STANDARD.encode(zip(files))
}

#[allow(clippy::disallowed_methods, reason = "where this machine keeps its programs")]
pub fn search_path() -> String {
    std::env::var("PATH").unwrap()
}
