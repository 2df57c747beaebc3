//! What the room is opened with.

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use base::{AccountId, AwsError, Region};
use bytes::Bytes;
use ports::{Clock, Rng, RoleCredentials};
use store::Store;

pub struct Parts {
    pub config: Config,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    /// Keys for a function's role.
    pub credentials: Arc<dyn RoleCredentials>,
    /// Where `Code.S3Bucket` and `Code.S3Key` are read from.
    pub code: Arc<dyn CodeSource>,
    /// Environment variables are sealed before they reach the store.
    pub seal: Arc<dyn Seal>,
}

#[derive(Clone, Debug)]
pub struct Config {
    pub region: Region,
    pub account: AccountId,
    /// What functions find in `AWS_ENDPOINT_URL`: this server, as a process on this machine reaches it.
    pub endpoint_url: String,
    /// Unpacked packages, bootstraps and the workers' scratch folders live below it. Workers can neither list nor
    /// read anything here but their own package and scratch folder.
    pub data_dir: PathBuf,
    /// Where interpreters are looked for, as `PATH` is written; also what functions find in `PATH`.
    pub search_path: String,
    /// Worker processes of one function version at once.
    pub max_workers_per_function: usize,
    /// Worker processes of all functions at once; beyond it, idle workers of other functions make room.
    pub max_workers: usize,
    /// Invocations of one function version that may wait for a worker; one more is throttled.
    pub queue_per_function: usize,
    /// How long an invocation waits for a worker before it is throttled.
    pub queue_deadline: Duration,
    /// How long a worker stays without work.
    pub idle: Duration,
    /// How long initialisation may take before it counts against the function's own timeout.
    pub init_deadline: Duration,
    /// What an asynchronous invocation that failed waits before its second and its third attempt.
    pub retry_delays: [Duration; 2],
    /// Log bytes that one log group keeps; the oldest go first.
    pub log_bytes_per_group: u64,
}

impl Config {
    /// AWS's figures where AWS has one; otherwise what suits a machine with this much memory.
    pub fn new(endpoint_url: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        let workers = workers_that_fit();
        Self {
            region: Region::default(),
            account: AccountId::default(),
            endpoint_url: endpoint_url.into(),
            data_dir: data_dir.into(),
            search_path: String::from("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
            max_workers_per_function: workers.div_ceil(2),
            max_workers: workers,
            queue_per_function: 1000,
            queue_deadline: Duration::from_secs(30),
            idle: Duration::from_secs(600),
            init_deadline: Duration::from_secs(10),
            retry_delays: [Duration::from_secs(60), Duration::from_secs(120)],
            log_bytes_per_group: 256 * 1024 * 1024,
        }
    }
}

/// Half of the machine's memory, at 64 MB a worker; no fewer than eight, no more than AWS's first thousand.
fn workers_that_fit() -> usize {
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = memory.lines().find_map(|line| {
        let value = line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?;
        value.parse::<usize>().ok()
    });
    (kilobytes.unwrap_or_default() / 1024 / 2 / 64).clamp(8, 1000)
}

/// Reads code out of a bucket: the S3 room, seen from here.
#[async_trait]
pub trait CodeSource: Send + Sync + 'static {
    /// The object's bytes. The error is S3's own; Lambda's words are put around it here.
    async fn read(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Bytes, AwsError>;
}

/// Seals text for the store: `crypto::seal::Sealer`, seen from here. `bound_to` names the row and field, and opening
/// under another name fails.
pub trait Seal: Send + Sync + 'static {
    fn seal(&self, bound_to: &str, plaintext: &[u8]) -> Result<String, String>;

    fn open(&self, bound_to: &str, sealed: &str) -> Result<Vec<u8>, String>;
}
