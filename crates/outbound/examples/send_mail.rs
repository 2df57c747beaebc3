//! Sends one mail: `send_mail URL TO TEXT`. Says `sent`, `later: …` or `refused: …`. For tests with real mail servers.

#![allow(clippy::unwrap_used, reason = "a program for tests")]

use outbound::SmtpMail;
use ports::{
    Mail,
    mail::{DeliveryError, MailMessage},
};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let [url, to, text] = std::env::args().skip(1).collect::<Vec<_>>().try_into().unwrap();
    let mail = MailMessage {
        id: String::from("7d9b2a6e"),
        from: Some(String::from("Ünal’s pool <pool@example.org>")),
        reply_to: Some(String::from("help@example.org")),
        to,
        subject: String::from("Dein Bestätigungscode — 123456"),
        html: Some(format!("<p>{text}</p>")),
        text,
        code: None,
    };
    match SmtpMail::new(&url) {
        Err(cause) => println!("wrong: {cause}"),
        Ok(smtp) => match smtp.deliver(&mail).await {
            Ok(()) => println!("sent"),
            Err(DeliveryError::Later(cause)) => println!("later: {cause}"),
            Err(DeliveryError::Refused(cause)) => println!("refused: {cause}"),
        },
    }
}
