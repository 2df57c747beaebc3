//! What a server is told: a flag beats the environment, which beats the file (CONTRACT.md, "One binary").

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use base::{AccountId, Region};
use serde::Deserialize;

use crate::{
    cli::{self, Issuer, LogFormat},
    environment::Environment,
    failure::Failure,
};

#[derive(Debug)]
pub struct Settings {
    pub listen: SocketAddr,
    pub data: PathBuf,
    /// The PostgreSQL that keeps everything but this node's own files (outbox, credentials, logs, sandboxes). `None`: the
    /// embedded engine, in `data`.
    pub database_url: Option<String>,
    /// `None`: worked out from the address that is listened at.
    pub base_url: Option<String>,
    pub trusted_proxies: Vec<front_door::Network>,
    pub master_key_file: Option<PathBuf>,
    pub smtp: Option<String>,
    pub mail_from: Option<String>,
    pub issuer: Issuer,
    pub region: Region,
    pub account: AccountId,
    pub log_format: LogFormat,
    pub log: String,
    /// `POOLHOUSE_ROOT_ACCESS_KEY_ID` and `POOLHOUSE_ROOT_SECRET_ACCESS_KEY`.
    pub root_key: Option<(String, String)>,
    /// Where functions' interpreters are looked for.
    pub search_path: Option<String>,
}

/// `poolhouse.toml`. Paths in it are from the file's own folder.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    listen: Option<String>,
    data: Option<PathBuf>,
    database_url: Option<String>,
    base_url: Option<String>,
    trusted_proxy: Vec<String>,
    master_key_file: Option<PathBuf>,
    smtp: Option<String>,
    mail_from: Option<String>,
    issuer: Option<Issuer>,
    region: Option<String>,
    account: Option<String>,
    log_format: Option<LogFormat>,
    log: Option<String>,
}

const LISTEN: &str = "127.0.0.1:4747";

impl Settings {
    /// `data` and `log` are what counts where nobody says.
    pub fn read(
        args: &cli::Server,
        environment: &Environment,
        data: &Path,
        log: &str,
    ) -> Result<Self, Failure> {
        let file = match &args.config {
            Some(path) => read_file(path)?,
            None => File::default(),
        };
        let beside = |path: PathBuf| match args.config.as_deref().and_then(Path::parent) {
            Some(folder) => folder.join(path),
            None => path,
        };
        let database_url = args.database_url.clone().or(file.database_url);
        let master_key_file = args.master_key_file.clone().or(file.master_key_file.map(beside));
        if database_url.is_some() && master_key_file.is_none() {
            return Err(Failure::wrong("a server on PostgreSQL needs the master key that all its nodes share").help(
                "make one (head -c 32 /dev/urandom | base64 > master.key), give every node the same, and name it with \
                 --master-key-file",
            ));
        }
        let listen = args.listen.clone().or(file.listen).unwrap_or_else(|| LISTEN.to_owned());
        let region = args.region.clone().or(file.region);
        let account = args.account.clone().or(file.account);
        let wrong = |error: base::ids::InvalidId| Failure::wrong(error.to_string());
        let trusted_proxies = match args.trusted_proxy.as_slice() {
            [] => networks(&file.trusted_proxy)?,
            given => given.to_vec(),
        };
        Ok(Self {
            listen: address(&listen)?,
            data: args.data.clone().or(file.data.map(beside)).unwrap_or_else(|| data.to_owned()),
            base_url: args.base_url.clone().or(file.base_url),
            trusted_proxies,
            master_key_file,
            database_url,
            smtp: args.smtp.clone().or(file.smtp),
            mail_from: args.mail_from.clone().or(file.mail_from),
            issuer: args.issuer.or(file.issuer).unwrap_or(Issuer::Here),
            region: region.map(Region::new).transpose().map_err(wrong)?.unwrap_or_default(),
            account: account.map(AccountId::new).transpose().map_err(wrong)?.unwrap_or_default(),
            log_format: args.log_format.or(file.log_format).unwrap_or(LogFormat::Text),
            log: args.log.clone().or(file.log).unwrap_or_else(|| log.to_owned()),
            root_key: root_key(environment)?,
            search_path: environment.get("PATH").map(str::to_owned),
        })
    }

    /// What the server is called where nobody says: by name where it listens at home, by its address otherwise.
    pub fn base_url(&self, listening: SocketAddr) -> String {
        self.base_url.clone().unwrap_or_else(|| match listening.ip() {
            ip if ip.is_loopback() || ip.is_unspecified() => format!("http://localhost:{}", listening.port()),
            ip => format!("http://{}:{}", host(ip), listening.port()),
        })
    }

    /// How a process on this machine reaches the server.
    pub fn endpoint_url(listening: SocketAddr) -> String {
        match listening.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => format!("http://127.0.0.1:{}", listening.port()),
            IpAddr::V6(ip) if ip.is_unspecified() => format!("http://[::1]:{}", listening.port()),
            ip => format!("http://{}:{}", host(ip), listening.port()),
        }
    }
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// `ADDRESS:PORT`, `localhost:PORT`, or `:PORT` for every address.
fn address(text: &str) -> Result<SocketAddr, Failure> {
    let spelled = match text.split_once(':') {
        Some(("localhost", port)) => format!("127.0.0.1:{port}"),
        Some(("", port)) if !port.contains(':') => format!("0.0.0.0:{port}"),
        _ => text.to_owned(),
    };
    spelled.parse().map_err(|_| {
        Failure::wrong(format!(
            "'{text}' is not an address to listen at: expected ADDRESS:PORT, such as {LISTEN}"
        ))
    })
}

fn networks(spelled: &[String]) -> Result<Vec<front_door::Network>, Failure> {
    spelled
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()
        .map_err(|error: front_door::InvalidNetwork| Failure::wrong(format!("trusted-proxy: {error}")))
}

fn root_key(environment: &Environment) -> Result<Option<(String, String)>, Failure> {
    let (id, secret) = ("POOLHOUSE_ROOT_ACCESS_KEY_ID", "POOLHOUSE_ROOT_SECRET_ACCESS_KEY");
    match (environment.get(id), environment.get(secret)) {
        (Some(key), Some(value)) => Ok(Some((key.to_owned(), value.to_owned()))),
        (None, None) => Ok(None),
        (Some(_), None) => Err(Failure::wrong(format!("{id} is set but {secret} is not"))),
        (None, Some(_)) => Err(Failure::wrong(format!("{secret} is set but {id} is not"))),
    }
}

fn read_file(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::wrong(format!("cannot read {}: {error}", path.display())))?;
    // The error shows the line itself.
    toml::from_str(&text).map_err(|error| {
        let lines: Vec<String> =
            error.to_string().trim_end().lines().map(|line| format!("  {line}")).collect();
        Failure::wrong(format!("{} cannot be read", path.display())).details(lines)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &cli::Server, pairs: &[(&str, &str)]) -> Result<Settings, Failure> {
        Settings::read(args, &Environment::from_pairs(pairs), Path::new(".poolhouse"), "info")
    }

    fn with_file(text: &str) -> (tempfile::TempDir, cli::Server) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("poolhouse.toml");
        std::fs::write(&path, text).unwrap();
        (folder, cli::Server { config: Some(path), ..cli::Server::default() })
    }

    #[test]
    fn nothing_said_is_enough() {
        let settings = read(&cli::Server::default(), &[]).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:4747");
        assert_eq!(settings.data, Path::new(".poolhouse"));
        assert_eq!(settings.base_url(settings.listen), "http://localhost:4747");
        assert_eq!(settings.account.as_str(), "000000000000");
    }

    #[test]
    fn a_flag_beats_the_file_whose_paths_are_its_own() {
        let (folder, args) = with_file(
            "listen = ':80'\ndata = 'here'\nregion = 'eu-west-1'\nissuer = 'aws'\ntrusted-proxy = ['10.0.0.0/8']\n",
        );
        let settings =
            read(&cli::Server { listen: Some(String::from("localhost:81")), ..args }, &[]).unwrap();
        assert_eq!(settings.listen.to_string(), "127.0.0.1:81");
        assert_eq!(settings.data, folder.path().join("here"));
        assert_eq!(settings.region.as_str(), "eu-west-1");
        assert_eq!(settings.issuer, Issuer::Aws);
        assert_eq!(settings.trusted_proxies, ["10.0.0.0/8".parse().unwrap()]);
    }

    #[test]
    fn wrong_words_are_told_before_anything_is_touched() {
        let (_folder, args) = with_file("lissten = 'x'\n");
        let failure = read(&args, &[]).unwrap_err();
        assert_eq!(failure.status, 2);
        assert!(failure.details.join("\n").contains("unknown field `lissten`"), "{failure:?}");
        let (_folder, args) = with_file("trusted-proxy = ['ten']\n");
        assert!(read(&args, &[]).unwrap_err().message.contains("'ten' is not a network"));
        for (args, words) in [
            (cli::Server { listen: Some(String::from("here")), ..Default::default() }, "not an address"),
            (cli::Server { account: Some(String::from("12")), ..Default::default() }, "12 digits"),
            (cli::Server { region: Some(String::from("x")), ..Default::default() }, "not a region"),
            (
                cli::Server { database_url: Some(String::from("postgres://x")), ..Default::default() },
                "needs the master key",
            ),
        ] {
            assert!(read(&args, &[]).unwrap_err().message.contains(words), "{words}");
        }
        let half = read(&cli::Server::default(), &[("POOLHOUSE_ROOT_ACCESS_KEY_ID", "A")]).unwrap_err();
        assert!(half.message.contains("POOLHOUSE_ROOT_SECRET_ACCESS_KEY is not"));
    }

    #[test]
    fn addresses_say_how_they_are_reached() {
        let settings = read(&cli::Server::default(), &[]).unwrap();
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(settings.base_url(at("0.0.0.0:80")), "http://localhost:80");
        assert_eq!(settings.base_url(at("[2001:db8::1]:80")), "http://[2001:db8::1]:80");
        assert_eq!(Settings::endpoint_url(at("0.0.0.0:80")), "http://127.0.0.1:80");
        assert_eq!(Settings::endpoint_url(at("10.0.0.1:80")), "http://10.0.0.1:80");
    }
}
