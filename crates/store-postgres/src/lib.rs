//! The fleet's engine: the store's contract on PostgreSQL (13 or later), for any number of nodes.
//!
//! ```text
//! postgres://USER:PASSWORD@HOST[:PORT][,HOST…]/DATABASE[?WORD=VALUE&…]
//!   sslmode=disable|prefer|require|verify-ca|verify-full   sslrootcert=FILE|system
//!   target_session_attrs=read-write|any     (read-write where there are several hosts)
//!   pgbouncer=true                          a pooler in transaction mode stands between
//! ```
//!
//! A commit is one call of one function in the database: one round trip, one transaction, all locks taken in one order
//! and none held while anything travels. `docs/adr/0007-the-fleet-engine.md` says why it is like this.

mod address;
mod blobs;
mod call;
mod commit;
mod connect;
mod engine;
mod error;
mod follow;
mod moving;
mod pool;
mod rows;
mod schema;
mod tls;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize},
    },
    time::Duration,
};

use base::Timestamp;
use store::{Change, StoreError};
use tokio::{
    sync::{Notify, broadcast},
    task::JoinHandle,
};

pub use error::OpenError;

use crate::{address::Address, call::Caller, connect::Connector, follow::Follower, pool::Pool};

/// Where the engine reads the time; the binary hands in its clock.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How an engine is run. [`Options::new`] has what a server wants.
#[derive(Clone)]
pub struct Options {
    pub now: Now,
    /// Connections that calls take turns with; one more follows other nodes' changes.
    pub connections: usize,
    /// How many calls may wait for a connection before the next is told that the store is not available.
    pub queue: usize,
    /// How long a call waits for its answer, with all its attempts.
    pub deadline: Duration,
    /// How long one attempt waits. Whoever does not answer within it is taken for gone.
    pub statement: Duration,
    /// How long a host is given to accept a connection.
    pub connect: Duration,
    /// How often other nodes' changes are looked for when no notification comes.
    pub look: Duration,
    /// How many changes a slow listener may be behind before it is told that it lags.
    pub changes: usize,
}

impl Options {
    pub fn new(now: Now) -> Self {
        Self {
            now,
            connections: 16,
            queue: 4096,
            deadline: Duration::from_secs(10),
            statement: Duration::from_secs(4),
            connect: Duration::from_secs(2),
            look: Duration::from_millis(500),
            changes: 4096,
        }
    }
}

/// Connected to a database whose tables are up to date.
pub struct PostgresEngine {
    caller: Caller,
    changes: broadcast::Sender<Change>,
    hint: Arc<Notify>,
    follower: JoinHandle<()>,
    now: Now,
    /// Names this server for as long as it runs.
    node: i64,
    nodes: Arc<AtomicUsize>,
    /// Names this server's commits, with a number for each; a new one is drawn when one's outcome is not known.
    origin: Arc<AtomicI64>,
    next_number: AtomicI64,
}

impl PostgresEngine {
    /// Connects to the database and brings its tables up to date; several nodes may do so at once.
    pub async fn connect(url: &str, options: Options) -> Result<Self, OpenError> {
        let address = Address::read(url, &options)?;
        let connector = Arc::new(Connector::new(address, &options)?);
        let first = connector.connect().await.map_err(OpenError::Away)?;
        schema::bring_up(&first.client).await?;
        drop(first);
        let node = random().map_err(|cause| OpenError::Unfit(cause.to_string()))?;
        let origin = Arc::new(AtomicI64::new(node));
        let nodes = Arc::new(AtomicUsize::new(1));
        let changes = broadcast::Sender::new(options.changes.max(1));
        let hint = Arc::new(Notify::new());
        let follower = Follower {
            connector: connector.clone(),
            changes: changes.clone(),
            origin: origin.clone(),
            node,
            nodes: nodes.clone(),
            hint: hint.clone(),
            every: options.look,
            patience: options.statement,
        };
        let follower = follower.start().await.map_err(OpenError::Away)?;
        Ok(Self {
            caller: Caller {
                pool: Pool::new(connector, options.connections, options.queue),
                deadline: options.deadline,
                statement: options.statement,
            },
            changes,
            hint,
            follower,
            now: options.now,
            node,
            nodes,
            origin,
            next_number: AtomicI64::new(1),
        })
    }
}

/// A number nobody else draws.
pub(crate) fn random() -> Result<i64, StoreError> {
    let mut bytes = [0; 8];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| StoreError::Unavailable(String::from("the system gives no random numbers")))?;
    Ok(i64::from_le_bytes(bytes))
}
