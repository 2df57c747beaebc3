use std::os::unix::fs::PermissionsExt;

use base::Timestamp;

use super::*;
use crate::message::tests::mail;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(1_720_000_000)
    }
}

fn open(folder: &Path) -> Outbox {
    Outbox::open(folder, Arc::new(Still)).unwrap()
}

fn sms(id: &str) -> SmsMessage {
    let (id, to) = (id.to_owned(), String::from("+14155550123"));
    SmsMessage { id, to, text: String::from("Code 42"), code: Some(String::from("42")) }
}

#[tokio::test]
async fn a_mail_is_a_file_and_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outbox");
    let outbox = open(&path);
    Mail::deliver(&outbox, &mail()).await.unwrap();
    TextMessage::deliver(&outbox, &sms("s1")).await.unwrap();
    let shown = Value::Array(outbox.messages(None).await.unwrap());
    assert_eq!(
        shown,
        serde_json::json!([
            {"id": "0b6c2f3e-1", "to": "ada@example.com", "kind": "email", "subject": "Ihr Bestätigungscode",
             "text": "Your code is 123456.\n.\nfrom Ünal", "code": "123456", "sentAt": "2024-07-03T09:46:40.000Z"},
            {"id": "s1", "to": "+14155550123", "kind": "sms", "subject": "", "text": "Code 42", "code": "42",
             "sentAt": "2024-07-03T09:46:40.000Z"},
        ])
    );
    assert_eq!(outbox.list(Some("ADA@example.com")).len(), 1);
    assert!(outbox.list(Some("eve@example.com")).is_empty());
    let eml = fs::read_to_string(path.join("0b6c2f3e-1.eml")).unwrap();
    assert!(eml.contains("To: ada@example.com\r\n") && eml.contains("Date: Wed, 03 Jul 2024"), "{eml}");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o700);
    for entry in fs::read_dir(&path).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    // The same after a restart.
    assert_eq!(Value::Array(open(&path).messages(None).await.unwrap()), shown);
}

#[tokio::test]
async fn a_message_delivered_again_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = open(folder.path());
    for id in ["1", "2", "1"] {
        Mail::deliver(&outbox, &MailMessage { id: id.to_owned(), ..mail() }).await.unwrap();
    }
    let ids = |outbox: &Outbox| outbox.list(None).into_iter().map(|message| message.id).collect::<Vec<_>>();
    assert_eq!(ids(&outbox), ["2", "1"]);
    assert_eq!(ids(&open(folder.path())), ["2", "1"]);
}

#[tokio::test]
async fn a_line_cut_short_costs_that_line() {
    let folder = tempfile::tempdir().unwrap();
    TextMessage::deliver(&open(folder.path()), &sms("1")).await.unwrap();
    let index = folder.path().join("index.jsonl");
    let mut content = fs::read(&index).unwrap();
    content.extend_from_slice(b"{\"id\":\"2\",\"to\":");
    fs::write(&index, content).unwrap();
    let outbox = open(folder.path());
    TextMessage::deliver(&outbox, &sms("3")).await.unwrap();
    let ids: Vec<_> = open(folder.path()).list(None).into_iter().map(|message| message.id).collect();
    assert_eq!(ids, ["1", "3"]);
}

#[tokio::test]
async fn an_id_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("outbox");
    let outbox = open(&inside);
    for id in ["../../escape", "/etc/escape", "", &"x".repeat(500)] {
        TextMessage::deliver(&outbox, &sms(id)).await.unwrap();
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "something was written beside the outbox");
    assert_eq!(outbox.list(None).len(), 4);
}

#[test]
fn an_outbox_does_not_grow_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut shelf = Shelf { folder: folder.path().to_owned(), messages: VecDeque::new(), lines: 0 };
    let message = |number: usize| OutboxMessage {
        id: number.to_string(),
        to: String::from("+1"),
        kind: Kind::Sms,
        subject: String::new(),
        text: String::new(),
        code: None,
        sent_at: String::new(),
    };
    // As if all but the last few had been written already.
    shelf.messages.extend((0..KEPT).map(message));
    shelf.lines = KEPT + STALE_LINES - 2;
    fs::write(folder.path().join("0.sms"), "").unwrap();
    for number in KEPT..KEPT + 4 {
        shelf.keep(message(number), b"x").unwrap();
    }
    assert_eq!(shelf.messages.len(), KEPT);
    assert!(!folder.path().join("0.sms").exists());
    let lines = fs::read_to_string(folder.path().join("index.jsonl")).unwrap().lines().count();
    assert!(lines < KEPT + STALE_LINES, "{lines}");
}
