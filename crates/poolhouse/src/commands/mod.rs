//! One command a file, and what they share.

pub mod deploy;
pub mod info;
pub mod invoke;
pub mod logs;
pub mod package;
pub mod print;
pub mod remove;
mod yaml;

use std::{path::PathBuf, sync::Arc};

use outbound::SystemClock;
use ports::Clock;
use serverless::{Options, Service};

use crate::{
    aws::{Client, credentials},
    cli,
    environment::Environment,
    failure::Failure,
    terminal::Terminal,
};

/// What every command works with.
pub struct Context {
    pub environment: Environment,
    pub terminal: Terminal,
    pub clock: Arc<dyn Clock>,
}

impl Context {
    pub fn new(json: bool, verbose: bool) -> Self {
        let environment = Environment::of_this_process();
        let terminal = Terminal::new(json, verbose, &environment);
        Self { environment, terminal, clock: Arc::new(SystemClock) }
    }

    /// The service in the folder. The server is only asked where the file needs to know the account.
    pub async fn service(&self, args: &cli::Service, common: &cli::Common) -> Result<Service, Failure> {
        let mut options = Options {
            config: args.config.clone(),
            stage: args.stage.clone(),
            region: args.region.clone(),
            params: args.params.clone(),
            env: self.environment.pairs(),
            account_id: None,
            now_millis: self.clock.now().millis(),
        };
        let report = match serverless::load(&args.dir, options.clone()) {
            Ok(service) => return Ok(service),
            Err(report) if report.needs_account => report,
            Err(report) => return Err(Failure::file(report)),
        };
        let region = args.region.clone().unwrap_or_else(|| String::from("us-east-1"));
        let client = self.client_for(args, common, &region)?;
        match crate::aws::sts::caller_identity(&client).await {
            Ok((account, _)) => options.account_id = Some(account),
            Err(failure) => {
                return Err(Failure { details: vec![failure.to_string()], ..Failure::file(report) });
            }
        }
        serverless::load(&args.dir, options).map_err(Failure::file)
    }

    /// Shows what a person should know about the file.
    pub fn show_warnings(&self, report: &serverless::Report) {
        if !report.diagnostics.is_empty() {
            self.terminal.line(&report.render(self.terminal.styled));
            self.terminal.line("");
        }
    }

    pub fn client(
        &self,
        args: &cli::Service,
        common: &cli::Common,
        service: &Service,
    ) -> Result<Client, Failure> {
        self.client_for(args, common, &service.region)
    }

    fn client_for(&self, args: &cli::Service, common: &cli::Common, region: &str) -> Result<Client, Failure> {
        let wanted = credentials::Wanted { profile: args.aws_profile.clone(), data: data_folders(args) };
        let keys = credentials::find(&wanted, &self.environment).map_err(Failure::wrong)?;
        let Some(keys) = keys else {
            let looked = wanted.data.iter().map(|folder| folder.join("credentials").display().to_string());
            return Err(Failure::wrong("there are no keys to sign with").help(format!(
                "looked at AWS_ACCESS_KEY_ID, AWS_PROFILE, {} and ~/.aws/credentials; name the server's data folder with --server-data",
                looked.collect::<Vec<_>>().join(", ")
            )));
        };
        Client::new(&common.endpoint, region, Some(keys), self.clock.clone()).map_err(Failure::wrong)
    }
}

/// Where a server that belongs to this service keeps its keys.
fn data_folders(args: &cli::Service) -> Vec<PathBuf> {
    match &args.server_data {
        Some(folder) => vec![folder.clone()],
        None => vec![args.dir.join(".poolhouse"), PathBuf::from(".poolhouse")],
    }
}

/// The function of this key, or an error that names those there are.
pub fn function_of<'a>(service: &'a Service, key: &str) -> Result<&'a serverless::Function, Failure> {
    service.functions.iter().find(|function| function.key == key).ok_or_else(|| {
        let known: Vec<&str> = service.functions.iter().map(|function| function.key.as_str()).collect();
        Failure::wrong(format!("the service has no function '{key}'")).help(match known.as_slice() {
            [] => String::from("it has no functions at all"),
            known => format!("it has {}", known.join(", ")),
        })
    })
}

pub fn not_deployed(function: &str, stage: &str) -> Failure {
    Failure::tried(format!("{function} is not deployed"))
        .help(format!("deploy it first: poolhouse deploy --stage {stage}"))
}
