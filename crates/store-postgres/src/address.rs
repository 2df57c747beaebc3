//! The database's URL: `postgres://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME?sslmode=verify-full&sslrootcert=FILE`, with
//! libpq's words (PostgreSQL's manual, "Connection Strings").

use std::{path::PathBuf, time::Duration};

use percent_encoding::percent_decode_str;
use tokio_postgres::config::{Config, SslMode, TargetSessionAttrs};

use crate::{OpenError, Options};

/// How far the server's certificate is trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// `prefer`, and `require` without `sslrootcert`: encrypted, to whoever answers.
    Anyone,
    /// `verify-ca`, and `require` with `sslrootcert`: signed by an authority we know.
    Authority,
    /// `verify-full`: and for the host we asked for.
    Host,
}

/// Where the database is, read from its URL.
#[derive(Clone)]
pub(crate) struct Address {
    /// One for each host, in the order of the URL.
    pub hosts: Vec<Config>,
    pub trust: Trust,
    /// `None`: the system's authorities.
    pub root_certificates: Option<PathBuf>,
    /// `pgbouncer=true`: sessions are shared with others, so nothing is set in them and nothing listened for.
    pub pooled: bool,
}

impl Address {
    pub fn read(url: &str, options: &Options) -> Result<Self, OpenError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(OpenError::Url(String::from("it begins with postgres://")));
        }
        let (place, words) = url.split_once('?').unwrap_or((url, ""));
        let (mut trust, mut mode, mut root_certificates, mut pooled) =
            (Trust::Anyone, SslMode::Prefer, None, false);
        let mut left = Vec::new();
        for word in words.split('&').filter(|word| !word.is_empty()) {
            let (name, value) = word.split_once('=').unwrap_or((word, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            match (name, &*value) {
                ("sslmode", "disable") => mode = SslMode::Disable,
                ("sslmode", "prefer") => mode = SslMode::Prefer,
                ("sslmode", "require") => mode = SslMode::Require,
                ("sslmode", "verify-ca") => (mode, trust) = (SslMode::Require, Trust::Authority),
                ("sslmode", "verify-full") => (mode, trust) = (SslMode::Require, Trust::Host),
                ("sslmode", other) => {
                    return Err(OpenError::Url(format!(
                        "sslmode={other} is none of disable, prefer, require, verify-ca and verify-full"
                    )));
                }
                ("sslrootcert", "system") => root_certificates = None,
                ("sslrootcert", file) => root_certificates = Some(PathBuf::from(file)),
                ("pgbouncer", "true" | "false") => pooled = &*value == "true",
                ("pgbouncer", _) => return Err(OpenError::Url(String::from("pgbouncer is true or false"))),
                _ => left.push(word),
            }
        }
        if mode == SslMode::Require && root_certificates.is_some() && trust == Trust::Anyone {
            trust = Trust::Authority;
        }
        let url = if left.is_empty() { place.to_owned() } else { format!("{place}?{}", left.join("&")) };
        // The library's errors name options and never values.
        let mut config: Config =
            url.parse().map_err(|cause: tokio_postgres::Error| OpenError::Url(crate::error::told(&cause)))?;
        config.ssl_mode(mode);
        let several = config.get_hosts().len().max(config.get_hostaddrs().len()) > 1;
        if several && !words.contains("target_session_attrs") {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        dress(&mut config, pooled, options);
        Ok(Self { hosts: one_by_one(&config)?, trust, root_certificates, pooled })
    }
}

/// What every session of ours is like.
fn dress(config: &mut Config, pooled: bool, options: &Options) {
    if config.get_application_name().is_none() {
        config.application_name("poolhouse");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(options.connect);
    }
    // A connection whose other end is gone without a word is found out before the operating system's two hours.
    config.keepalives_idle(Duration::from_secs(30));
    config.tcp_user_timeout(options.statement * 2);
    if !pooled {
        let given = config.get_options().map(|given| format!("{given} ")).unwrap_or_default();
        let millis = options.statement.as_millis();
        config.options(format!(
            "{given}-c statement_timeout={millis} -c idle_in_transaction_session_timeout=60000 \
             -c default_transaction_isolation=read\\ committed"
        ));
    }
}

/// The library asks one host after the other; we ask them side by side, and so need them apart.
fn one_by_one(config: &Config) -> Result<Vec<Config>, OpenError> {
    let (names, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let count = names.len().max(addresses.len());
    if count == 0 {
        return Err(OpenError::Url(String::from("it names no host")));
    }
    let mismatched = |length: usize| length != 0 && length != count;
    if mismatched(names.len()) || mismatched(addresses.len()) || (ports.len() > 1 && ports.len() != count) {
        return Err(OpenError::Url(String::from("it has not as many ports and hostaddr as hosts")));
    }
    let one = |at: usize| {
        let mut one = Config::new();
        if let Some(user) = config.get_user() {
            one.user(user);
        }
        if let Some(password) = config.get_password() {
            one.password(password);
        }
        if let Some(database) = config.get_dbname() {
            one.dbname(database);
        }
        if let Some(text) = config.get_options() {
            one.options(text);
        }
        if let Some(name) = config.get_application_name() {
            one.application_name(name);
        }
        if let Some(timeout) = config.get_connect_timeout() {
            one.connect_timeout(*timeout);
        }
        if let Some(timeout) = config.get_tcp_user_timeout() {
            one.tcp_user_timeout(*timeout);
        }
        match names.get(at) {
            Some(tokio_postgres::config::Host::Tcp(name)) => {
                one.host(name);
            }
            #[cfg(unix)]
            Some(tokio_postgres::config::Host::Unix(path)) => {
                one.host_path(path);
            }
            None => {}
        }
        if let Some(address) = addresses.get(at) {
            one.hostaddr(*address);
        }
        one.port(ports.get(at).or(ports.first()).copied().unwrap_or(5432));
        one.ssl_mode(config.get_ssl_mode())
            .ssl_negotiation(config.get_ssl_negotiation())
            .channel_binding(config.get_channel_binding())
            .keepalives(config.get_keepalives())
            .keepalives_idle(config.get_keepalives_idle())
            .target_session_attrs(config.get_target_session_attrs());
        one
    };
    Ok((0..count).map(one).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use base::Timestamp;

    use super::*;

    fn read(url: &str) -> Result<Address, OpenError> {
        Address::read(url, &Options::new(Arc::new(|| Timestamp(0))))
    }

    #[test]
    fn several_hosts_are_asked_for_the_one_that_writes() {
        let address = read("postgres://u:secret@a,b:5433,[::1]:5434/db?application_name=x").unwrap();
        assert_eq!(address.hosts.len(), 3);
        assert_eq!(address.hosts[0].get_ports(), [5432]);
        assert_eq!(address.hosts[2].get_ports(), [5434]);
        assert!(address.hosts.iter().all(|host| {
            host.get_target_session_attrs() == TargetSessionAttrs::ReadWrite
                && host.get_password() == Some(b"secret")
                && host.get_application_name() == Some("x")
        }));
        let one = read("postgresql://u@%2Frun%2Fpostgresql/db").unwrap();
        assert_eq!(one.hosts[0].get_target_session_attrs(), TargetSessionAttrs::Any);
    }

    #[test]
    fn the_words_of_tls_are_libpqs() {
        let trust = |words: &str| {
            let address = read(&format!("postgres://h/db?{words}")).unwrap();
            (address.hosts[0].get_ssl_mode(), address.trust)
        };
        assert_eq!(trust(""), (SslMode::Prefer, Trust::Anyone));
        assert_eq!(trust("sslmode=disable"), (SslMode::Disable, Trust::Anyone));
        assert_eq!(trust("sslmode=require"), (SslMode::Require, Trust::Anyone));
        assert_eq!(trust("sslmode=require&sslrootcert=%2Fca.pem"), (SslMode::Require, Trust::Authority));
        assert_eq!(trust("sslmode=verify-ca"), (SslMode::Require, Trust::Authority));
        assert_eq!(trust("sslrootcert=system&sslmode=verify-full"), (SslMode::Require, Trust::Host));
    }

    #[test]
    fn a_wrong_url_is_told_without_its_password() {
        for (url, words) in [
            ("mysql://u:hunter2@h/db", "postgres://"),
            ("postgres://u:hunter2@h/db?sslmode=maybe", "sslmode=maybe"),
            ("postgres://u:hunter2@h:port/db", "port"),
            ("postgres://u:hunter2@h/db?nonsense=1", "nonsense"),
            ("postgres://u:hunter2@/db", "host"),
        ] {
            let text = read(url).err().unwrap().to_string();
            assert!(text.contains(words), "{url}: {text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
    }
}
