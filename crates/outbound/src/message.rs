//! A mail as RFC 5322 writes it: the same for the wire and for the outbox's file.

use std::time::{Duration, UNIX_EPOCH};

use base::Timestamp;
use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};
use ports::mail::{DeliveryError, MailMessage};

/// Why a message cannot be written is why it will never be delivered.
pub(crate) fn write(
    mail: &MailMessage,
    default_from: &Mailbox,
    at: Option<Timestamp>,
) -> Result<Message, DeliveryError> {
    let refused =
        |what: &str, cause: &dyn std::fmt::Display| DeliveryError::Refused(format!("{what}: {cause}"));
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|cause| refused("a sender's address", &cause));
    let from = mail.from.as_deref().map_or_else(|| Ok(default_from.clone()), mailbox)?;
    // One address and nothing more: a name or a list here would be someone's trick.
    let to: Address = mail.to.parse().map_err(|cause| refused("the recipient's address", &cause))?;
    let mut builder = Message::builder()
        .message_id(Some(format!("<{}@{}>", plain_id(&mail.id), from.email.domain())))
        .from(from)
        .to(Mailbox::new(None, to))
        .subject(one_line(&mail.subject))
        .header(AutoSubmitted);
    if let Some(reply_to) = &mail.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    if let Some(at) = at {
        builder = builder.date(UNIX_EPOCH + Duration::from_millis(at.millis().max(0).unsigned_abs()));
    }
    let text = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(mail.text.clone());
    let message = match &mail.html {
        None => builder.singlepart(text),
        Some(html) => {
            let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html.clone());
            builder.multipart(MultiPart::alternative().singlepart(text).singlepart(html))
        }
    };
    message.map_err(|cause| refused("the message", &cause))
}

/// `auto-generated`: no out-of-office note comes back (RFC 3834, section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), String::from("auto-generated"))
    }
}

/// A template with a line break in its subject must not become a header.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// An id with nothing in it that means something to a header or a path: other characters become `_` and their code.
pub(crate) fn plain_id(id: &str) -> String {
    id.chars().fold(String::with_capacity(id.len()), |mut plain, character| {
        if character.is_ascii_alphanumeric() || character == '-' {
            plain.push(character);
        } else {
            plain.push_str(&format!("_{:x}", u32::from(character)));
        }
        plain
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn mail() -> MailMessage {
        MailMessage {
            id: String::from("0b6c2f3e-1"),
            from: None,
            reply_to: None,
            to: String::from("ada@example.com"),
            subject: String::from("Ihr Bestätigungscode"),
            text: String::from("Your code is 123456.\n.\nfrom Ünal"),
            html: None,
            code: Some(String::from("123456")),
        }
    }

    fn text(mail: &MailMessage) -> Result<String, DeliveryError> {
        let from = "Poolhouse <no-reply@example.org>".parse().unwrap();
        let message = write(mail, &from, Some(Timestamp::from_seconds(1_720_000_000)))?;
        Ok(String::from_utf8(message.formatted()).unwrap())
    }

    #[test]
    fn headers_and_both_bodies() {
        let text = text(&MailMessage { html: Some(String::from("<b>123456</b>")), ..mail() }).unwrap();
        for line in [
            "From: Poolhouse <no-reply@example.org>\r\n",
            "To: ada@example.com\r\n",
            "Message-ID: <0b6c2f3e-1@example.org>\r\n",
            "Date: Wed, 03 Jul 2024 09:46:40 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in {text}");
        }
        assert!(text.is_ascii());
    }

    #[test]
    fn nothing_gets_a_header_of_its_own() {
        let trick = "x\r\nBcc: eve@example.net\r\n\r\nbody";
        let subject = text(&MailMessage { subject: String::from(trick), ..mail() }).unwrap();
        let (headers, _) = subject.split_once("\r\n\r\n").unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        let id = text(&MailMessage { id: String::from(trick), ..mail() }).unwrap();
        assert!(!id.lines().any(|line| line.starts_with("Bcc")), "{id}");
        for to in [
            trick,
            "a@example.com, b@example.com",
            "A <a@example.com>",
            "a@example.com\r\nBcc: b@example.com",
            "",
        ] {
            let refused = text(&MailMessage { to: to.to_owned(), ..mail() });
            assert!(matches!(refused, Err(DeliveryError::Refused(_))), "{to}");
        }
        for from in [trick, "a@example.com\r\nBcc: b@example.com"] {
            let refused = text(&MailMessage { from: Some(from.to_owned()), ..mail() });
            assert!(refused.is_err_and(|error| matches!(error, DeliveryError::Refused(_))), "{from}");
        }
    }

    #[test]
    fn ids_name_files() {
        assert_eq!(plain_id("../a\u{0}b é"), "_2e_2e_2fa_0b_20_e9");
    }
}
