use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::Mutex,
};

use super::*;
use crate::message::tests::mail;

/// Plays one side of RFC 5321 and answers `RCPT` as told. `clients/mail` does the same with a server of others.
async fn server(recipient: &'static str) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, lines) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
    tokio::spawn({
        let lines = lines.clone();
        async move {
            while let Ok((socket, _)) = listener.accept().await {
                lines.lock().await.push(String::from("connected"));
                tokio::spawn(converse(socket, recipient, lines.clone()));
            }
        }
    });
    (port, lines)
}

async fn converse(socket: TcpStream, recipient: &str, heard: Arc<Mutex<Vec<String>>>) -> std::io::Result<()> {
    let mut socket = BufReader::new(socket);
    socket.write_all(b"220 test\r\n").await?;
    let mut in_data = false;
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        heard.lock().await.push(line.trim_end().to_owned());
        let answer = match line.split([' ', '\r']).next() {
            _ if in_data && line == ".\r\n" => {
                in_data = false;
                "250 taken"
            }
            _ if in_data => continue,
            Some("EHLO") => "250-test\r\n250 AUTH PLAIN",
            Some("RCPT") => recipient,
            Some("DATA") => {
                in_data = true;
                "354 go on"
            }
            Some("AUTH") => "535 5.7.8 wrong",
            _ => "250 ok",
        };
        socket.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

#[tokio::test]
async fn a_message_arrives_and_the_connection_is_kept() {
    let (port, heard) = server("250 ok").await;
    let smtp =
        SmtpMail::new(&format!("smtp://127.0.0.1:{port}")).unwrap().from("Pool <pool@example.org>").unwrap();
    for _ in 0..5 {
        smtp.deliver(&mail()).await.unwrap();
    }
    smtp.check().await.unwrap();
    let heard = heard.lock().await;
    let count = |line: &str| heard.iter().filter(|heard| *heard == line).count();
    assert_eq!(count("MAIL FROM:<pool@example.org>"), 5);
    assert_eq!(count("RCPT TO:<ada@example.com>"), 5);
    // A connection goes back to the others in a task of its own, so the second message may be too early for it.
    assert!(count("connected") <= 2, "{heard:?}");
}

#[tokio::test]
async fn an_answer_for_good_is_told_from_one_for_now() {
    for (answer, refused) in [
        ("450 4.2.0 greylisted", false),
        ("421 4.7.0 slow down", false),
        ("452 4.3.1 no room", false),
        ("550 5.1.1 no such user", true),
        ("553 5.1.3 bad address", true),
        ("530 5.7.0 authenticate first", false),
    ] {
        let (port, _) = server(answer).await;
        let smtp = SmtpMail::new(&format!("smtp://127.0.0.1:{port}")).unwrap();
        let error = smtp.deliver(&mail()).await.unwrap_err();
        assert_eq!(matches!(error, DeliveryError::Refused(_)), refused, "{answer}: {error}");
        assert!(error.to_string().contains(answer.split_once(' ').unwrap().1), "{error}");
    }
}

#[tokio::test]
async fn wrong_credentials_and_a_server_that_is_away_can_wait() {
    let (port, _) = server("250 ok").await;
    let smtp = SmtpMail::new(&format!("smtp://user:p%40ss@127.0.0.1:{port}")).unwrap();
    let error = smtp.deliver(&mail()).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Later(_)), "{error}");
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let smtp = SmtpMail::new(&format!("smtp://127.0.0.1:{gone}")).unwrap();
    let error = smtp.deliver(&mail()).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Later(_)) && error.to_string().contains("refused"), "{error}");
}

/// A server that offers no STARTTLS where TLS is required gets neither a message nor a password.
#[tokio::test]
async fn tls_that_is_required_is_not_given_up() {
    let (port, heard) = server("250 ok").await;
    let smtp = SmtpMail::new(&format!("smtp://user:pass@127.0.0.1:{port}?tls=required")).unwrap();
    assert!(matches!(smtp.deliver(&mail()).await, Err(DeliveryError::Later(_))));
    let heard = heard.lock().await;
    assert!(!heard.iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")), "{heard:?}");
}

#[tokio::test]
async fn addresses() {
    let refused = |address: &str| SmtpMail::new(address).err().map(|error| error.to_string());
    for good in [
        "smtp://localhost:1025",
        "smtp://user:pass@localhost",
        "smtp://user:pass@127.0.0.1:25",
        "smtp://user:pass@[::1]",
        "smtp://user:pass@mail.example.com?tls=required",
        "smtps://user:pass@mail.example.com:465",
        "smtp://mail.example.com",
    ] {
        assert_eq!(refused(good), None, "{good}");
    }
    for bad in
        ["", "mail.example.com", "http://mail.example.com", "smtp://mail.example.com?tls=maybe", "smtp://"]
    {
        assert!(refused(bad).is_some(), "{bad}");
    }
    for open in
        ["smtp://user:secret@mail.example.com", "smtp://user:secret@mail.example.com?tls=opportunistic"]
    {
        let text = refused(open).unwrap();
        assert!(text.contains("in the clear") && !text.contains("secret"), "{text}");
    }
    assert!(SmtpMail::new("smtp://localhost").unwrap().from("nobody").is_err());
}
