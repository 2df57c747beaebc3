//! The words of the command line (CONTRACT: the Serverless Framework's, where it has them).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

#[derive(Parser)]
#[command(name = "poolhouse", version, about, propagate_version = true, max_term_width = 110)]
#[command(
    about = "Amazon Cognito user pools, API Gateway and Lambda in your own house",
    after_help = "Try it:  poolhouse dev examples/secure-rest-api"
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Start a server, deploy the service, show its logs, deploy again on every change
    Dev(Dev),
    /// Start a server alone
    Serve(Serve),
    /// Deploy the service
    Deploy(Deploy),
    /// Remove the service of a stage, with all that belongs to it
    Remove(Remove),
    /// Show the service's endpoints, functions and user pools
    Info(Info),
    /// Call a deployed function
    Invoke(Invoke),
    /// Show a function's logs
    Logs(Logs),
    /// Write the template and packages, ready for AWS, without deploying them
    Package(Package),
    /// Show the configuration with all its variables resolved
    Print(Print),
    /// Write everything a server keeps to one file, while it serves
    Backup(Backup),
    /// Take a backup into an empty data folder or database
    Restore(Restore),
    /// Copy everything from one data folder or database to another, while it serves
    Copy(Copy),
    /// The master key
    Keys(Keys),
}

/// Every command has these.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// The server to talk to
    #[arg(long, value_name = "URL", env = "POOLHOUSE_ENDPOINT", default_value = "http://localhost:4747")]
    pub endpoint: String,
    /// Print one JSON document on stdout and nothing else there
    #[arg(long)]
    pub json: bool,
    /// Tell every step
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

/// Which service, and how.
#[derive(Args, Clone, Debug)]
pub struct Service {
    /// The service's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The stage, such as dev or prod
    #[arg(long, short = 's', value_name = "STAGE")]
    pub stage: Option<String>,
    /// The region
    #[arg(long, short = 'r', value_name = "REGION")]
    pub region: Option<String>,
    /// The configuration's file name
    #[arg(long, short = 'c', value_name = "FILE")]
    pub config: Option<String>,
    /// A value for ${param:NAME}
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub params: Vec<(String, String)>,
    /// The profile in the shared credentials file
    #[arg(long, value_name = "NAME")]
    pub aws_profile: Option<String>,
    /// The server's data folder, where its keys lie
    #[arg(long, value_name = "DIR", env = "POOLHOUSE_DATA")]
    pub server_data: Option<PathBuf>,
}

#[derive(Args)]
pub struct Deploy {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
    /// Deploy what 'poolhouse package' or 'serverless package' wrote to this folder
    #[arg(long, short = 'p', value_name = "DIR")]
    pub package: Option<PathBuf>,
    /// Deploy even if nothing changed
    #[arg(long)]
    pub force: bool,
    /// Let this user pool be replaced, and its users with it be lost
    #[arg(long, value_name = "LOGICAL_ID")]
    pub replace_user_pool: Vec<String>,
}

#[derive(Args)]
pub struct Remove {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Info {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
}

#[derive(Args)]
pub struct Invoke {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
    /// The function's key in the configuration
    #[arg(long, short = 'f', value_name = "FUNCTION")]
    pub function: String,
    /// What it is called with; JSON, or else taken as text
    #[arg(long, short = 'd', value_name = "DATA", conflicts_with = "path")]
    pub data: Option<String>,
    /// A file with what it is called with; '-' is stdin
    #[arg(long, short = 'p', value_name = "FILE")]
    pub path: Option<PathBuf>,
    /// Take the data as text even where it is JSON
    #[arg(long)]
    pub raw: bool,
    /// How: RequestResponse waits, Event does not, DryRun only checks
    #[arg(long, short = 't', value_name = "TYPE", default_value = "RequestResponse", value_parser = ["RequestResponse", "Event", "DryRun"])]
    pub r#type: String,
    /// Show the end of its log
    #[arg(long, short = 'l')]
    pub log: bool,
    /// A version or alias
    #[arg(long, short = 'q', value_name = "VERSION")]
    pub qualifier: Option<String>,
    /// JSON for context.clientContext
    #[arg(long, value_name = "JSON")]
    pub context: Option<String>,
}

#[derive(Args)]
pub struct Logs {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
    /// The function's key in the configuration
    #[arg(long, short = 'f', value_name = "FUNCTION")]
    pub function: String,
    /// Go on showing what comes in
    #[arg(long, short = 't')]
    pub tail: bool,
    /// From when on: 30m, 2h, 1d, or a date and time
    #[arg(long = "startTime", value_name = "TIME", alias = "start-time")]
    pub start_time: Option<String>,
    /// Only what fits this filter pattern
    #[arg(long, value_name = "PATTERN")]
    pub filter: Option<String>,
    /// Milliseconds between looks, with --tail
    #[arg(long, short = 'i', value_name = "MS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    pub interval: u64,
}

#[derive(Args)]
pub struct Package {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
    /// Where to write it; .serverless in the service's folder otherwise
    #[arg(long, short = 'p', value_name = "DIR")]
    pub package: Option<PathBuf>,
}

#[derive(Args)]
pub struct Print {
    #[command(flatten)]
    pub service: Service,
    #[command(flatten)]
    pub common: Common,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Yaml)]
    pub format: Format,
    /// Only what is at this path, such as provider.name
    #[arg(long, value_name = "PATH")]
    pub path: Option<String>,
    /// 'keys' shows only the names
    #[arg(long, value_name = "NAME", value_parser = ["keys"])]
    pub transform: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Yaml,
    Json,
    Text,
}

#[derive(Args)]
pub struct Serve {
    #[command(flatten)]
    pub server: Server,
}

#[derive(Args)]
pub struct Dev {
    /// The service's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// The stage, such as dev or prod
    #[arg(long, short = 's', value_name = "STAGE")]
    pub stage: Option<String>,
    /// A value for ${param:NAME}
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    pub params: Vec<(String, String)>,
    #[command(flatten)]
    pub server: Server,
    /// Tell every step
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

#[derive(Args)]
pub struct Backup {
    /// The file to write; it must not be there yet
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub house: House,
}

#[derive(Args)]
pub struct Restore {
    /// What 'poolhouse backup' wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub house: House,
    /// The master key that the backup was made under [default: the data folder's own]
    #[arg(long, value_name = "FILE", env = "POOLHOUSE_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
}

#[derive(Args)]
pub struct Copy {
    /// A data folder, or postgres://…
    #[arg(long, value_name = "PLACE")]
    pub from: String,
    /// Likewise; it must be empty
    #[arg(long, value_name = "PLACE")]
    pub to: String,
    /// The master key of what is copied [default: the data folder's own]
    #[arg(long, value_name = "FILE", env = "POOLHOUSE_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// Print one JSON document on stdout and nothing else there
    #[arg(long)]
    pub json: bool,
    /// Tell every step
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    pub command: KeysCommand,
}

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Put everything under another master key, while servers serve
    Rotate(Rotate),
}

#[derive(Args)]
pub struct Rotate {
    #[command(flatten)]
    pub house: House,
    /// The master key as it is [default: the data folder's own]
    #[arg(long, value_name = "FILE", env = "POOLHOUSE_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// The one to come: 32 bytes in base64
    #[arg(long, value_name = "FILE")]
    pub new_master_key_file: PathBuf,
}

/// Where everything is kept, by a server's own flags.
#[derive(Args)]
pub struct House {
    /// The data folder of the embedded engine [default: .poolhouse]
    #[arg(long, value_name = "DIR", env = "POOLHOUSE_DATA")]
    pub data: Option<PathBuf>,
    /// The PostgreSQL database
    #[arg(long, value_name = "URL", env = "POOLHOUSE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Print one JSON document on stdout and nothing else there
    #[arg(long)]
    pub json: bool,
    /// Tell every step
    #[arg(long, short = 'v')]
    pub verbose: bool,
}

/// A server's settings. A flag beats the environment, which beats the file.
#[derive(Args, Clone, Debug, Default)]
pub struct Server {
    /// The address to listen at [default: 127.0.0.1:4747]
    #[arg(long, value_name = "ADDR", env = "POOLHOUSE_LISTEN")]
    pub listen: Option<String>,
    /// The data folder: the embedded engine, and this node's own files [default: .poolhouse]
    #[arg(long, value_name = "DIR", env = "POOLHOUSE_DATA")]
    pub data: Option<PathBuf>,
    /// A PostgreSQL database instead of the embedded engine
    #[arg(long, value_name = "URL", env = "POOLHOUSE_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// What tokens, links and pages say the server is called [default: from --listen]
    #[arg(long, value_name = "URL", env = "POOLHOUSE_BASE_URL")]
    pub base_url: Option<String>,
    /// A network whose machines may say for whom they ask (X-Forwarded-For), such as 10.0.0.0/8; may be given again
    #[arg(long, value_name = "NETWORK", env = "POOLHOUSE_TRUSTED_PROXY", value_delimiter = ',')]
    pub trusted_proxy: Vec<front_door::Network>,
    /// 32 bytes in base64 that all secrets are sealed with [default: made in the data folder]
    #[arg(long, value_name = "FILE", env = "POOLHOUSE_MASTER_KEY_FILE")]
    pub master_key_file: Option<PathBuf>,
    /// The mail server: smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://… [default: an outbox folder]
    #[arg(long, value_name = "URL", env = "POOLHOUSE_SMTP", hide_env_values = true)]
    pub smtp: Option<String>,
    /// Who mail is from, where a pool does not say
    #[arg(long, value_name = "ADDRESS", env = "POOLHOUSE_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// 'aws' puts https://cognito-idp.<region>.amazonaws.com/<pool> in tokens as their issuer
    #[arg(long, value_enum, env = "POOLHOUSE_ISSUER")]
    pub issuer: Option<Issuer>,
    /// The region [default: us-east-1]
    #[arg(long, value_name = "REGION", env = "POOLHOUSE_REGION")]
    pub region: Option<String>,
    /// The account's twelve digits [default: 000000000000]
    #[arg(long, value_name = "DIGITS", env = "POOLHOUSE_ACCOUNT")]
    pub account: Option<String>,
    /// How log lines are written [default: text]
    #[arg(long, value_enum, env = "POOLHOUSE_LOG_FORMAT")]
    pub log_format: Option<LogFormat>,
    /// Which log lines are written: error, warn, info, debug, trace, or a filter by target [default: info]
    #[arg(long, value_name = "FILTER", env = "POOLHOUSE_LOG")]
    pub log: Option<String>,
    /// A file with all of this
    #[arg(long, value_name = "FILE", env = "POOLHOUSE_CONFIG")]
    pub config: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Issuer {
    /// <base-url>/<pool>
    Here,
    Aws,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    if name.is_empty() {
        return Err(String::from("expected NAME=VALUE"));
    }
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_words_are_in_order() {
        Cli::command().debug_assert();
    }
}
