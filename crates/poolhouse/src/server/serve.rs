//! `poolhouse serve`: the server alone.

use std::path::Path;

use super::{
    Settings, logging,
    start::{asked_again, asked_to_stop, start},
};
use crate::{cli, environment::Environment, failure::Failure};

pub async fn run(args: &cli::Serve) -> Result<(), Failure> {
    let environment = Environment::of_this_process();
    let settings = Settings::read(&args.server, &environment, Path::new(".poolhouse"), "info")?;
    logging::start(&settings.log, settings.log_format)?;
    let mut running = start(&settings, false).await?;
    tracing::info!(
        address = %running.listening,
        base_url = %running.base_url,
        data = %settings.data.display(),
        access_key = %running.root_key.access_key_id,
        "listening"
    );
    if settings.base_url.is_none() && running.listening.ip().is_unspecified() {
        tracing::warn!(base_url = %running.base_url, "others cannot follow links to this name; say --base-url");
    }
    tokio::select! {
        ended = running.ended() => return ended,
        () = asked_to_stop() => {}
    }
    tracing::info!("stopping: requests in progress may end");
    running.stop.now();
    tokio::select! {
        ended = running.ended() => ended,
        () = asked_again() => Err(Failure::tried("stopped at once, as asked a second time")),
    }
}
