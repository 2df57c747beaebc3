//! Which engine keeps the data: the embedded one in the data folder, or the PostgreSQL that `--database-url` names.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use ports::Clock;
use store::Engine;
use store_postgres::PostgresEngine;
use store_sqlite::SqliteEngine;

use super::Settings;
use crate::failure::Failure;

pub async fn open(
    settings: &Settings,
    data: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn Engine>, Failure> {
    match &settings.database_url {
        Some(url) => on_postgres(url, clock).await,
        None => in_folder(data, clock).await,
    }
}

pub async fn on_postgres(url: &str, clock: Arc<dyn Clock>) -> Result<Arc<dyn Engine>, Failure> {
    let options = store_postgres::Options::new(Arc::new(move || clock.now()));
    let engine = PostgresEngine::connect(url, options).await.map_err(|error| {
        use store_postgres::OpenError as Open;
        let text = error.to_string();
        match error {
            Open::Url(_) => Failure::wrong(text)
                .help("--database-url postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full"),
            Open::Tls(_) | Open::Newer { .. } | Open::Unfit(_) => Failure::wrong(text),
            Open::Away(_) => Failure::tried(text).help(
                "see that the database runs, and that --database-url names its host, port, user and name",
            ),
            Open::Migration(_) => Failure::tried(text).help(
                "the user in --database-url must be able to create a schema: GRANT CREATE ON DATABASE … TO …",
            ),
        }
    })?;
    Ok(Arc::new(engine))
}

pub async fn in_folder(data: &Path, clock: Arc<dyn Clock>) -> Result<Arc<dyn Engine>, Failure> {
    embedded(data, clock, SqliteEngine::open).await
}

/// The folder of a server that may be running: without its lock.
pub async fn beside(data: &Path, clock: Arc<dyn Clock>) -> Result<Arc<dyn Engine>, Failure> {
    embedded(data, clock, SqliteEngine::beside).await
}

type Open = fn(PathBuf, store_sqlite::Options) -> Result<SqliteEngine, store_sqlite::OpenError>;

async fn embedded(data: &Path, clock: Arc<dyn Clock>, open: Open) -> Result<Arc<dyn Engine>, Failure> {
    let options = store_sqlite::Options::new(Arc::new(move || clock.now()));
    let folder = data.to_owned();
    let engine = tokio::task::spawn_blocking(move || open(folder, options))
        .await
        .map_err(|error| Failure::tried(error.to_string()))?
        .map_err(|error| Failure::wrong(error.to_string()))?;
    Ok(Arc::new(engine))
}
