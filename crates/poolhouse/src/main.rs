//! `poolhouse`: a server of user pools, APIs and functions, and the command line that deploys to it.

mod aws;
mod cli;
mod commands;
mod deployment;
mod environment;
mod failure;
mod moving;
mod server;
mod summary;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, KeysCommand};
use environment::Environment;
use failure::Failure;
use terminal::Terminal;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (json, verbose) = match &cli.command {
        Command::Dev(args) => (false, args.verbose),
        Command::Serve(_) => (false, false),
        Command::Deploy(args) => (args.common.json, args.common.verbose),
        Command::Remove(args) => (args.common.json, args.common.verbose),
        Command::Info(args) => (args.common.json, args.common.verbose),
        Command::Invoke(args) => (args.common.json, args.common.verbose),
        Command::Logs(args) => (args.common.json, args.common.verbose),
        Command::Package(args) => (args.common.json, args.common.verbose),
        Command::Print(args) => (args.common.json, args.common.verbose),
        Command::Backup(args) => (args.house.json, args.house.verbose),
        Command::Restore(args) => (args.house.json, args.house.verbose),
        Command::Copy(args) => (args.json, args.verbose),
        Command::Keys(cli::Keys { command: KeysCommand::Rotate(args) }) => {
            (args.house.json, args.house.verbose)
        }
    };
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::tried(format!("cannot start: {error}")))
        .and_then(|runtime| runtime.block_on(run(&cli)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            Terminal::new(json, verbose, &Environment::of_this_process()).failed(&failure);
            ExitCode::from(failure.status)
        }
    }
}

async fn run(cli: &Cli) -> Result<(), Failure> {
    match &cli.command {
        Command::Dev(args) => server::dev::run(args).await,
        Command::Serve(args) => server::serve::run(args).await,
        Command::Deploy(args) => commands::deploy::run(args).await,
        Command::Remove(args) => commands::remove::run(args).await,
        Command::Info(args) => commands::info::run(args).await,
        Command::Invoke(args) => commands::invoke::run(args).await,
        Command::Logs(args) => commands::logs::run(args).await,
        Command::Package(args) => commands::package::run(args).await,
        Command::Print(args) => commands::print::run(args).await,
        Command::Backup(args) => moving::backup::run(args).await,
        Command::Restore(args) => moving::restore::run(args).await,
        Command::Copy(args) => moving::copy::run(args).await,
        Command::Keys(cli::Keys { command: KeysCommand::Rotate(args) }) => moving::rotate::run(args).await,
    }
}
