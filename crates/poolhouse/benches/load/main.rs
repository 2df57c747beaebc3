//! What a server of ours does a second a core, beside the ceiling of the cryptography it needs, in the same run.
//!
//! `cargo bench -p poolhouse --bench load`, or `cargo xtask bench`. Starts the built binary on loopback with an empty data
//! folder, drives it over HTTP, and divides what was done by the processor time that *the server* used (its own and its
//! children's, from `/proc`): the client's share of the machine does not count. Every run is bounded in count and stops
//! by itself.

mod api;
mod ceiling;
mod client;
mod people;
mod server;
mod whole;

use std::error::Error;

pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    // `cargo test --benches` asks benches to check themselves quickly.
    let quick =
        std::env::args().any(|word| word == "--test") || std::env::args().any(|word| word == "--quick");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(quick))
}

async fn run(quick: bool) -> Outcome<()> {
    let ceiling = ceiling::Ceiling::new()?;
    let mut server = server::Server::start()?;
    server.ready().await?;
    people::run(&server, &ceiling, if quick { 16 } else { 1500 }).await?;
    api::run(&server, if quick { 50 } else { 6000 }).await?;
    server.stop()?;
    whole::run(if quick { 1 } else { 10 }).await
}
