//! Opens every room on a store and puts them behind the front door.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::body::Body;
use base::{AccountId, AwsError, Boxed, Region};
use crypto::{
    seal::{MasterKey, Sealer},
    workers::Workers,
};
use functions::Functions;
use gateway::Gateway;
use hosted::Hosted;
use http::{Request, Response};
use iam::{Iam, RootKey};
use objects::Objects;
use ports::{Clock, Mail, Rng, TextMessage};
use stacks::Stacks;
use store::{Store, StoreError};
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
    time::{Duration, timeout},
};
use userpool::{IssuerStyle, UserPools};

use crate::{
    adapters::{Identities, Logs, Sealing, Sts},
    aws::rooms::Rooms,
    background,
    body::BodyRoom,
    doors::{Doors, outbox::Outbox},
    front::{Door, Front},
    keyring::{self, KeyringError},
    limits::Limits,
    listener::{self, Answer},
    metrics::Metrics,
    proxies::{Network, TrustedProxies},
    site::{InvalidBaseUrl, Site},
};

/// Heavy cryptography that may wait for a thread; the next is told that the server is busy.
const WORK_QUEUE_PER_THREAD: usize = 64;
/// How long rooms may take to put away what they hold when the server stops.
const CLOSING: Duration = Duration::from_secs(10);

#[derive(Clone, Debug)]
pub struct Config {
    /// What tokens and links say: `http://localhost:4747`.
    pub base_url: String,
    /// How a process on this machine reaches the server: what functions find in `AWS_ENDPOINT_URL`.
    pub endpoint_url: String,
    pub region: Region,
    pub account: AccountId,
    pub issuer: IssuerStyle,
    /// Where functions keep unpacked packages and scratch folders (below `functions/`).
    pub data_dir: PathBuf,
    /// Where functions' interpreters are looked for, as `PATH` is written.
    pub search_path: Option<String>,
    /// The root access key, where it is given and not made.
    pub root_key: Option<RootKey>,
    /// Threads for heavy cryptography; one a core where it is not said.
    pub threads: Option<usize>,
    pub limits: Limits,
    /// Who may say for whom they ask; nobody where it is empty.
    pub trusted_proxies: Vec<Network>,
}

impl Config {
    pub fn new(base_url: impl Into<String>, data_dir: impl Into<PathBuf>) -> Self {
        let base_url = base_url.into();
        Self {
            endpoint_url: base_url.clone(),
            base_url,
            region: Region::default(),
            account: AccountId::default(),
            issuer: IssuerStyle::default(),
            data_dir: data_dir.into(),
            search_path: None,
            root_key: None,
            threads: None,
            limits: Limits::default(),
            trusted_proxies: Vec::new(),
        }
    }
}

/// What [`assemble`] stands on.
pub struct Parts {
    pub config: Config,
    pub store: Store,
    pub master_key: MasterKey,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub mail: Arc<dyn Mail>,
    pub text_message: Arc<dyn TextMessage>,
    /// What `/_poolhouse/outbox` shows; `None` (as on `serve`) leaves the path without an answer.
    pub outbox: Option<Arc<dyn Outbox>>,
}

#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    #[error(transparent)]
    BaseUrl(#[from] InvalidBaseUrl),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("the threads for cryptography could not be started: {0}")]
    Threads(#[source] io::Error),
    #[error("functions: {0}")]
    Functions(#[from] functions::OpenError),
    #[error("stacks: {0}")]
    Stacks(#[source] stacks::Halt),
    #[error("the root access key: {0}")]
    RootKey(AwsError),
}

/// A server, put together and not yet listening. Requests can be answered without a socket too ([`FrontDoor::answer`]).
pub struct FrontDoor {
    door: Door,
    rooms: OpenRooms,
    root_key: RootKey,
    stop: watch::Sender<bool>,
    sweeping: JoinHandle<()>,
}

/// The rooms, for whoever needs one directly.
#[derive(Clone)]
pub struct OpenRooms {
    pub store: Store,
    pub iam: Iam,
    pub objects: Objects,
    pub functions: Functions,
    pub user_pools: UserPools,
    pub gateway: Gateway,
    pub stacks: Stacks,
    pub hosted: Hosted,
}

/// Needs a tokio runtime. Stacks that were left in the middle of something are taken up again.
pub fn assemble(parts: Parts) -> Boxed<'static, Result<FrontDoor, AssembleError>> {
    Box::pin(put_together(parts))
}

async fn put_together(parts: Parts) -> Result<FrontDoor, AssembleError> {
    let site = Site::new(&parts.config.base_url, parts.config.region.clone())?;
    let sealer = keyring::open(&parts.store, &parts.master_key, parts.rng.as_ref()).await?;
    let rooms = open_rooms(&parts, &site, &sealer).await?;
    let root_key =
        rooms.iam.ensure_root_key(parts.config.root_key.clone()).await.map_err(AssembleError::RootKey)?;
    let limits = parts.config.limits.clone();
    let metrics = Metrics::new();
    let (stop, stopped) = watch::channel(false);
    let sweeping =
        background::sweep(parts.store.clone(), Arc::clone(&parts.clock), metrics.swept.clone(), stopped);
    let front = Front {
        site,
        body_room: BodyRoom::new(&limits),
        limits,
        metrics,
        iam: rooms.iam.clone(),
        rooms: Rooms::default()
            .with("cognito-idp", rooms.user_pools.clone())
            .with("lambda", rooms.functions.clone())
            .with("logs", Logs(rooms.functions.clone()))
            .with("cloudformation", rooms.stacks.clone())
            .with("sts", Sts(rooms.iam.clone()))
            .with("iam", Identities(rooms.iam.clone())),
        doors: Doors {
            store: parts.store,
            user_pools: rooms.user_pools.clone(),
            gateway: rooms.gateway.clone(),
            objects: rooms.objects.clone(),
            hosted: rooms.hosted.router(),
            outbox: parts.outbox,
        },
        rng: parts.rng,
        trusted_proxies: TrustedProxies::new(parts.config.trusted_proxies),
    };
    Ok(FrontDoor { door: Door(Arc::new(front)), rooms, root_key, stop, sweeping })
}

async fn open_rooms(parts: &Parts, site: &Site, sealer: &Sealer) -> Result<OpenRooms, AssembleError> {
    let Parts { config, store, clock, rng, .. } = parts;
    let (region, account) = (&config.region, &config.account);
    let iam = Iam::open(iam::Parts {
        config: iam::Config { account: account.clone(), region: region.clone() },
        store: store.clone(),
        sealer: sealer.clone(),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
    });
    let objects = Objects::open(objects::Parts {
        store: store.clone(),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
        region: region.clone(),
    });
    let functions = Functions::open(functions::Parts {
        config: functions_config(config),
        store: store.clone(),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
        credentials: Arc::new(iam.clone()),
        code: Arc::new(objects.clone()),
        seal: Arc::new(Sealing(sealer.clone())),
    })?;
    let threads =
        config.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(2, Into::into));
    let user_pools = UserPools::open(userpool::Parts {
        config: userpool::Config {
            region: region.clone(),
            account: account.clone(),
            base_url: site.origin().to_owned(),
            issuer: config.issuer,
        },
        store: store.clone(),
        sealer: sealer.clone(),
        workers: Workers::new(threads, threads * WORK_QUEUE_PER_THREAD).map_err(AssembleError::Threads)?,
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
        invoke: Arc::new(functions.clone()),
        mail: Arc::clone(&parts.mail),
        text_message: Arc::clone(&parts.text_message),
    });
    let gateway = Gateway::open(gateway::Parts {
        config: gateway::Config { region: region.clone(), account: account.clone() },
        store: store.clone(),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
        invoke: Arc::new(functions.clone()),
        tokens: user_pools.tokens(),
        access_log: None,
    })
    .with_iam(iam.clone());
    let hosted = Hosted::new(hosted::Parts {
        user_pools: user_pools.clone(),
        store: store.clone(),
        sealer: sealer.clone(),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
    });
    let stacks = Stacks::open(stacks::Parts {
        config: stacks::Config {
            region: region.clone(),
            account: account.clone(),
            ..stacks::Config::default()
        },
        store: store.clone(),
        sealer: sealer.clone(),
        clock: Arc::clone(clock),
        rng: Arc::clone(rng),
        userpools: user_pools.clone(),
        gateway: gateway.clone(),
        functions: functions.clone(),
        iam: iam.clone(),
        objects: objects.clone(),
    })
    .await
    .map_err(AssembleError::Stacks)?;
    Ok(OpenRooms { store: store.clone(), iam, objects, functions, user_pools, gateway, stacks, hosted })
}

fn functions_config(config: &Config) -> functions::Config {
    let mut functions = functions::Config::new(&config.endpoint_url, config.data_dir.join("functions"));
    functions.region = config.region.clone();
    functions.account = config.account.clone();
    if let Some(search_path) = &config.search_path {
        functions.search_path.clone_from(search_path);
    }
    functions
}

impl FrontDoor {
    /// The account's root access key.
    pub fn root_key(&self) -> &RootKey {
        &self.root_key
    }

    pub fn rooms(&self) -> &OpenRooms {
        &self.rooms
    }

    /// Answers one request as if `peer` had sent it.
    pub async fn answer(&self, peer: SocketAddr, request: Request<Body>) -> Response<Body> {
        self.door.answer(peer, request).await
    }

    /// A handle that ends [`FrontDoor::serve`].
    pub fn stop(&self) -> Stop {
        Stop(self.stop.clone())
    }

    /// Serves until stopped, lets requests in progress end, and closes the rooms and the store.
    pub fn serve(self, listener: TcpListener) -> Boxed<'static, Result<(), ServeError>> {
        Box::pin(async move {
            let limits = self.door.0.limits.clone();
            listener::serve(listener, self.door.clone(), limits, self.stop.subscribe()).await?;
            self.close().await?;
            Ok(())
        })
    }

    /// Lets go of everything: workers, background tasks, the store.
    pub async fn close(self) -> Result<(), StoreError> {
        self.stop.send_replace(true);
        let Self { door, rooms, sweeping, .. } = self;
        drop(door);
        let closing = async {
            rooms.functions.close().await;
            let _ = sweeping.await;
        };
        if timeout(CLOSING, closing).await.is_err() {
            tracing::warn!("functions did not end in time");
        }
        let store = rooms.store.clone();
        drop(rooms);
        store.engine().close().await
    }
}

/// Ends a server, from wherever the signal comes.
#[derive(Clone)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    pub fn now(&self) {
        self.0.send_replace(true);
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("the listener failed: {0}")]
    Listener(#[from] io::Error),
    #[error("the store did not close well: {0}")]
    Store(#[from] StoreError),
}
