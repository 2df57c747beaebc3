//! Puts a server together and lets it run: socket first, so that a port in use changes nothing; then the data folder, the
//! master key, the rooms.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use base::Secret;
use front_door::{AssembleError, IssuerStyle, RootKey, ServeError, Stop, assemble};
use outbound::{Outbox, SmtpMail, SystemClock, SystemRng};
use ports::{Clock, Mail, Rng};
use serde_json::Value;
use store::Store;
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Settings, credentials_file, engine, files, master_key};
use crate::{cli::Issuer, failure::Failure};

/// A server that answers.
pub struct Running {
    pub listening: SocketAddr,
    pub base_url: String,
    pub root_key: RootKey,
    pub stop: Stop,
    task: JoinHandle<Result<(), ServeError>>,
}

/// `show_outbox` lets `/_poolhouse/outbox` answer, as `dev` does.
pub async fn start(settings: &Settings, show_outbox: bool) -> Result<Running, Failure> {
    let listener = listen(settings.listen).await?;
    let listening = listener
        .local_addr()
        .map_err(|error| Failure::tried(format!("the socket has no address: {error}")))?;
    let data = &settings.data;
    files::make_folder(data).map_err(|error| {
        Failure::wrong(format!("cannot make the data folder {}: {error}", data.display()))
    })?;
    // Workers run in folders of their own, from which a relative path would lead elsewhere.
    let data = &data.canonicalize().map_err(|error| {
        Failure::tried(format!("cannot find the data folder {}: {error}", data.display()))
    })?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let key = master_key::open(data, settings.master_key_file.as_deref(), rng.as_ref())?;
    let engine = engine::open(settings, data, Arc::clone(&clock)).await?;
    let outbox = Outbox::open(data.join("outbox"), Arc::clone(&clock))
        .map_err(|error| Failure::tried(format!("the outbox cannot be opened: {error}")))?;
    let base_url = settings.base_url(listening);
    let mut config = front_door::Config::new(base_url.clone(), data.clone());
    config.endpoint_url = Settings::endpoint_url(listening);
    config.region = settings.region.clone();
    config.account = settings.account.clone();
    config.trusted_proxies = settings.trusted_proxies.clone();
    config.search_path = settings.search_path.clone();
    config.issuer = match settings.issuer {
        Issuer::Here => IssuerStyle::BaseUrl,
        Issuer::Aws => IssuerStyle::Aws,
    };
    config.root_key = settings
        .root_key
        .clone()
        .map(|(id, secret)| RootKey { access_key_id: id, secret_access_key: Secret::new(secret) });
    let parts = front_door::Parts {
        config,
        store: Store::new(engine),
        master_key: key,
        clock,
        rng,
        mail: mail(settings, &outbox)?,
        text_message: Arc::new(outbox.clone()),
        outbox: show_outbox.then(|| Arc::new(Shown(outbox)) as Arc<dyn front_door::Outbox>),
    };
    let door = assemble(parts).await.map_err(|error| not_assembled(&error, settings))?;
    let root_key = door.root_key().clone();
    // A key from the environment is not written down.
    if settings.root_key.is_none() {
        credentials_file::write(data, &root_key).map_err(|error| {
            Failure::tried(format!("cannot write {}: {error}", data.join("credentials").display()))
        })?;
    }
    let stop = door.stop();
    let task = tokio::spawn(door.serve(listener));
    Ok(Running { listening, base_url, root_key, stop, task })
}

impl Running {
    /// Until it was stopped, or failed.
    pub async fn ended(&mut self) -> Result<(), Failure> {
        match (&mut self.task).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::tried(error.to_string())),
            Err(error) => Err(Failure::tried(format!("the server ended: {error}"))),
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::tried(format!("cannot listen at {address}: {error}"));
        match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                Failure::tried(format!("{address} is in use by another process"))
                    .help("stop that one, or listen elsewhere: --listen 127.0.0.1:4848")
            }
            std::io::ErrorKind::PermissionDenied => {
                failure.help("ports below 1024 need a permission; take a higher one")
            }
            _ => failure,
        }
    })
}

fn mail(settings: &Settings, outbox: &Outbox) -> Result<Arc<dyn Mail>, Failure> {
    let Some(address) = &settings.smtp else { return Ok(Arc::new(outbox.clone())) };
    let wrong = |error: outbound::smtp::InvalidSmtp| Failure::wrong(error.to_string());
    let mail = SmtpMail::new(address).map_err(wrong)?;
    Ok(match &settings.mail_from {
        Some(from) => Arc::new(mail.from(from).map_err(wrong)?),
        None => Arc::new(mail),
    })
}

fn not_assembled(error: &AssembleError, settings: &Settings) -> Failure {
    match error {
        AssembleError::BaseUrl(_) => Failure::wrong(error.to_string()).help("it is given by --base-url"),
        AssembleError::Keyring(_) => Failure::wrong(error.to_string()).help(format!(
            "the master key and {} do not belong together; name the right key with --master-key-file",
            match settings.database_url {
                Some(_) => String::from("the database"),
                None => format!("the data folder {}", settings.data.display()),
            }
        )),
        _ => Failure::tried(error.to_string()),
    }
}

/// The outbox, as the front door asks for it.
struct Shown(Outbox);

#[async_trait]
impl front_door::Outbox for Shown {
    async fn messages(&self, to: Option<&str>) -> Result<Vec<Value>, String> {
        self.0.messages(to).await
    }
}

/// Ctrl-C, or the signal that asks a process to end.
pub async fn asked_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// A second time. A signal that comes right behind the first is the same one, by way of whoever started this process.
pub async fn asked_again() {
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    asked_to_stop().await;
}
