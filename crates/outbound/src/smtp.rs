//! Mail over SMTP (RFC 5321), with TLS from the first byte (`smtps://`) or after STARTTLS (`smtp://…?tls=required`).

use std::{net::IpAddr, time::Duration};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    message::Mailbox,
    transport::smtp::{self, PoolConfig},
};
use ports::{
    Mail,
    mail::{DeliveryError, MailMessage},
};
use url::Url;

use crate::message;

/// For one command and its answer.
const COMMAND: Duration = Duration::from_secs(20);
/// For a whole message, waiting for a connection included.
const MESSAGE: Duration = Duration::from_secs(45);
const CONNECTIONS: u32 = 8;
const IDLE: Duration = Duration::from_secs(60);
/// Answers that speak of our credentials or our turn, not of the message: mended by whoever runs the server, so the
/// message waits (RFC 4954, section 6; RFC 5321, section 4.2.3: 421 is transient by its first digit).
const OURS_TO_MEND: [u16; 5] = [504, 530, 534, 535, 538];

/// Sends through one server, over connections that are kept for the next message.
pub struct SmtpMail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What is wrong with an address for `--smtp`. The address itself is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InvalidSmtp {
    #[error(
        "the SMTP address cannot be read ({0}); write smtp://HOST[:PORT], smtp://USER:PASSWORD@HOST?tls=required or \
         smtps://USER:PASSWORD@HOST"
    )]
    Url(String),
    #[error(
        "the SMTP address would send the password for {0} in the clear; write smtps://… or add ?tls=required to the \
         address"
    )]
    PasswordInTheClear(String),
    #[error("'{0}' is not an address to send from; write Name <name@example.com> or name@example.com")]
    From(String),
}

impl SmtpMail {
    /// `smtp://[USER:PASSWORD@]HOST[:PORT][?tls=required|opportunistic]` or `smtps://…`; user and password
    /// percent-encoded. Call it on a Tokio runtime: the connections it keeps are looked after there. Sends from `no-reply@HOST` where a message names nobody; see [`SmtpMail::from`].
    pub fn new(address: &str) -> Result<Self, InvalidSmtp> {
        let url = Url::parse(address).map_err(|cause| InvalidSmtp::Url(cause.to_string()))?;
        let host = url.host_str().ok_or_else(|| InvalidSmtp::Url(String::from("it has no host")))?.to_owned();
        let tls = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, value)| value.into_owned());
        // Opportunistic is no protection: whoever listens can have it left out.
        let is_private = url.scheme() == "smtps" || tls.as_deref() == Some("required");
        if url.password().is_some() && !is_private && !is_loopback(&host) {
            return Err(InvalidSmtp::PasswordInTheClear(host));
        }
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(address)
            .map_err(|cause| InvalidSmtp::Url(reason(&cause)))?
            .timeout(Some(COMMAND))
            .pool_config(PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE))
            .build();
        let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let domain = if is_address { "localhost" } else { &host };
        let from = format!("no-reply@{domain}");
        Ok(Self { transport, from: from.parse().map_err(|_| InvalidSmtp::From(from))? })
    }

    /// Who a message is from where it names nobody: `Name <name@example.com>` or an address alone.
    pub fn from(self, sender: &str) -> Result<Self, InvalidSmtp> {
        let from = sender.parse().map_err(|_| InvalidSmtp::From(sender.to_owned()))?;
        Ok(Self { from, ..self })
    }

    /// Whether the server is there and takes our credentials: for start-up's log.
    pub async fn check(&self) -> Result<(), DeliveryError> {
        match tokio::time::timeout(MESSAGE, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(DeliveryError::Later(String::from("the server does not answer NOOP"))),
            Ok(Err(cause)) => Err(said(&cause)),
            Err(_) => Err(late()),
        }
    }
}

#[async_trait]
impl Mail for SmtpMail {
    async fn deliver(&self, mail: &MailMessage) -> Result<(), DeliveryError> {
        let message = message::write(mail, &self.from, None)?;
        match tokio::time::timeout(MESSAGE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(said(&cause)),
            Err(_) => Err(late()),
        }
    }
}

/// For good is only what the server refused for good. What lettre calls a client's error (no STARTTLS, no way to
/// authenticate) is between the two servers, and whoever runs them mends it.
fn said(error: &smtp::Error) -> DeliveryError {
    let is_ours = error.status().is_some_and(|code| OURS_TO_MEND.contains(&u16::from(code)));
    if error.is_permanent() && !is_ours {
        DeliveryError::Refused(reason(error))
    } else {
        DeliveryError::Later(reason(error))
    }
}

/// The error and what is behind it, which alone says which address could not be reached.
fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn late() -> DeliveryError {
    DeliveryError::Later(format!("no end to it within {} s", MESSAGE.as_secs()))
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

#[cfg(test)]
mod tests;
