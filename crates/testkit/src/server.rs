//! The server itself.

use std::{net::SocketAddr, path::Path, sync::Arc};

use front_door::{
    Config, FrontDoor, IssuerStyle, Limits, MasterKey, OpenRooms, Parts, RootKey, ServeError, Stop,
    base::Timestamp, store::Store,
};
use ports::Clock;
use store_sqlite::SqliteEngine;
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

use crate::{
    callers::{Admin, Anonymous},
    clock::HeldClock,
    post::Post,
    rng::SeededRng,
    wire::Wire,
};

/// How a server is started. [`Options::default`] is what most tests want.
#[derive(Clone, Debug)]
pub struct Options {
    pub now: Timestamp,
    pub seed: u64,
    pub issuer: IssuerStyle,
    pub limits: Limits,
}

impl Default for Options {
    /// The first minute of 2026.
    fn default() -> Self {
        Self {
            now: Timestamp::from_seconds(1_767_225_600),
            seed: 1,
            issuer: IssuerStyle::default(),
            limits: Limits::default(),
        }
    }
}

/// A server on loopback; it ends when it is dropped, and its data goes with it.
pub struct Server {
    address: SocketAddr,
    clock: Arc<HeldClock>,
    post: Post,
    rooms: OpenRooms,
    root_key: RootKey,
    stop: Stop,
    serving: Option<JoinHandle<Result<(), ServeError>>>,
    data: TempDir,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    pub async fn start_with(options: Options) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let address = listener.local_addr().expect("an address");
        let clock = Arc::new(HeldClock::at(options.now));
        let post = Post::default();
        // Not below the system's temporary folder's shared part by name: each test has its own.
        let data = tempfile::Builder::new().prefix("poolhouse-test-").tempdir().expect("a folder for data");
        let engine = {
            let clock = Arc::clone(&clock);
            SqliteEngine::in_memory(Arc::new(move || clock.now())).expect("a store")
        };
        let config = Config {
            issuer: options.issuer,
            limits: options.limits,
            ..Config::new(format!("http://localhost:{}", address.port()), data.path())
        };
        let parts = Parts {
            config,
            store: Store::new(Arc::new(engine)),
            master_key: MasterKey::generate([7; 32]),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            rng: Arc::new(SeededRng::new(options.seed)),
            mail: Arc::new(post.clone()),
            text_message: Arc::new(post.clone()),
            outbox: None,
        };
        let door: FrontDoor = front_door::assemble(parts).await.expect("the rooms open");
        let (rooms, root_key, stop) = (door.rooms().clone(), door.root_key().clone(), door.stop());
        let serving = Some(tokio::spawn(door.serve(listener)));
        Self { address, clock, post, rooms, root_key, stop, serving, data }
    }

    pub fn clock(&self) -> &HeldClock {
        &self.clock
    }

    /// What was mailed and texted.
    pub fn post(&self) -> &Post {
        &self.post
    }

    /// Below the socket, for what no API shows.
    pub fn rooms(&self) -> &OpenRooms {
        &self.rooms
    }

    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// `http://localhost:<port>`
    pub fn base_url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn anonymous(&self) -> Anonymous {
        Anonymous { wire: Wire::new(self.address), host: format!("localhost:{}", self.address.port()) }
    }

    /// The account's root user.
    pub fn admin(&self) -> Admin {
        Admin {
            anonymous: self.anonymous(),
            key: self.root_key.clone(),
            session_token: None,
            region: String::from("us-east-1"),
            now: Arc::clone(&self.clock),
        }
    }

    /// Ends it as a signal would, and waits until it has.
    pub async fn stop(mut self) {
        self.stop.now();
        if let Some(serving) = self.serving.take() {
            serving.await.expect("the server ends without a panic").expect("the server ends well");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.now();
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}
