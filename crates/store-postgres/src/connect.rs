//! Finding the server that writes, among the hosts of the URL, and not waiting for those that do not answer.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    task::{AbortHandle, JoinSet},
};
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{OpenError, Options, address::Address, error, tls};

/// The next host is tried when the one before has not answered for so long: a primary that is frozen or cut off costs
/// this much, not a whole timeout.
const HEAD_START: Duration = Duration::from_millis(250);
/// After so long without any server, callers are told at once between the attempts below.
const LONG_AWAY: Duration = Duration::from_secs(2);
const BETWEEN_ATTEMPTS: Duration = Duration::from_millis(250);

/// An open connection. Dropped, it says good-bye; [`Connection::abandon`] closes the socket on whoever does not listen.
pub(crate) struct Connection {
    pub client: Client,
    /// Told of every notification.
    pub heard: Arc<Notify>,
    line: AbortHandle,
}

impl Connection {
    pub fn abandon(self) {
        self.line.abort();
    }
}

pub(crate) struct Connector {
    hosts: Vec<Config>,
    tls: MakeRustlsConnect,
    timeout: Duration,
    /// The host that answered last is asked first.
    last: AtomicUsize,
    away: Mutex<Option<Away>>,
    pub pooled: bool,
}

/// Since when no server could be reached, and how that went the last time.
struct Away {
    since: Instant,
    tried: Instant,
    text: String,
}

impl Connector {
    pub fn new(address: Address, options: &Options) -> Result<Self, OpenError> {
        let tls = tls::connector(&address)?;
        Ok(Self {
            tls,
            timeout: options.connect,
            last: AtomicUsize::new(0),
            away: Mutex::default(),
            pooled: address.pooled,
            hosts: address.hosts,
        })
    }

    /// A connection to the first host that accepts, or why none does.
    pub async fn connect(&self) -> Result<Connection, String> {
        if let Some(away) = &*self.lock()
            && away.since.elapsed() > LONG_AWAY
            && away.tried.elapsed() < BETWEEN_ATTEMPTS
        {
            return Err(away.text.clone());
        }
        let outcome = self.race().await;
        let mut away = self.lock();
        match &outcome {
            Ok(_) => *away = None,
            Err(text) => {
                let now = Instant::now();
                let since = away.as_ref().map_or(now, |away| away.since);
                *away = Some(Away { since, tried: now, text: text.clone() });
            }
        }
        drop(away);
        outcome
    }

    /// Whether no server has been reached for so long that trying again within one call is of no use.
    pub fn is_long_away(&self) -> bool {
        self.lock().as_ref().is_some_and(|away| away.since.elapsed() > LONG_AWAY)
    }

    async fn race(&self) -> Result<Connection, String> {
        let first = self.last.load(Ordering::Relaxed);
        let mut order = (0..self.hosts.len()).map(|step| (first + step) % self.hosts.len());
        let mut running = JoinSet::new();
        let mut told = Vec::new();
        let mut next = order.next();
        loop {
            if let Some(at) = next.take() {
                let (config, tls, timeout) = (self.hosts[at].clone(), self.tls.clone(), self.timeout);
                running.spawn(async move { (at, reach(&config, tls, timeout).await) });
            }
            let ended = tokio::select! {
                ended = running.join_next() => ended,
                () = tokio::time::sleep(HEAD_START), if order.len() > 0 => {
                    next = order.next();
                    continue;
                }
            };
            match ended {
                Some(Ok((at, Ok(connection)))) => {
                    self.last.store(at, Ordering::Relaxed);
                    return Ok(connection);
                }
                Some(Ok((_, Err(text)))) => told.push(text),
                Some(Err(cause)) => told.push(cause.to_string()),
                None => return Err(told.join("; ")),
            }
            next = order.next();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Away>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn reach(config: &Config, tls: MakeRustlsConnect, timeout: Duration) -> Result<Connection, String> {
    let name = name(config);
    match tokio::time::timeout(timeout, config.connect(tls)).await {
        Ok(Ok((client, mut line))) => {
            let heard = Arc::new(Notify::new());
            let hearing = heard.clone();
            let task = tokio::spawn(async move {
                loop {
                    match poll_fn(|context| line.poll_message(context)).await {
                        Some(Ok(AsyncMessage::Notification(_))) => hearing.notify_one(),
                        Some(Ok(AsyncMessage::Notice(notice))) => {
                            tracing::debug!(notice = notice.message(), "the database says");
                        }
                        Some(Ok(_)) => {}
                        // The client says so by itself, too; who listens for notifications hears it here.
                        Some(Err(_)) | None => {
                            hearing.notify_one();
                            return;
                        }
                    }
                }
            });
            Ok(Connection { client, heard, line: task.abort_handle() })
        }
        Ok(Err(cause)) => Err(format!("{name}: {}", error::told(&cause))),
        Err(_) => Err(format!("{name}: no answer within {} ms", timeout.as_millis())),
    }
}

fn name(config: &Config) -> String {
    let host = match (config.get_hosts().first(), config.get_hostaddrs().first()) {
        (Some(tokio_postgres::config::Host::Tcp(name)), _) => name.clone(),
        #[cfg(unix)]
        (Some(tokio_postgres::config::Host::Unix(path)), _) => path.display().to_string(),
        (None, Some(address)) => address.to_string(),
        (None, None) => String::from("?"),
    };
    format!("{host}:{}", config.get_ports().first().copied().unwrap_or(5432))
}
