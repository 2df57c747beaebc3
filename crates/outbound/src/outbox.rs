//! Where messages go when no server is configured to send them: one file each, and a list of them for development.
//!
//! ```text
//! <data>/outbox/<id>.eml   a mail, as it would have gone out
//! <data>/outbox/<id>.sms   a text message
//! <data>/outbox/index.jsonl   a line for each, oldest first: what the list shows
//! ```

use std::{
    collections::VecDeque,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use lettre::message::Mailbox;
use ports::{
    Clock, Mail, TextMessage,
    mail::{DeliveryError, MailMessage},
    text_message::SmsMessage,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::{OffsetDateTime, macros::format_description};

use crate::message;

/// Older messages are deleted: an outbox that nobody empties must not fill the disk.
const KEPT: usize = 2000;
/// The index is written anew when it has this many lines too many.
const STALE_LINES: usize = 500;

/// What the list shows of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxMessage {
    pub id: String,
    pub to: String,
    pub kind: Kind,
    /// Empty for a text message.
    pub subject: String,
    pub text: String,
    pub code: Option<String>,
    /// `2024-07-03T09:46:40.000Z`.
    pub sent_at: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Email,
    Sms,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Outbox {
    shelf: Arc<Mutex<Shelf>>,
    clock: Arc<dyn Clock>,
    from: Mailbox,
}

/// The folder and what is known of it.
struct Shelf {
    folder: PathBuf,
    messages: VecDeque<OutboxMessage>,
    lines: usize,
}

impl Outbox {
    /// Opens the folder, making it (0700) where there is none, and reads what is in its index.
    pub fn open(folder: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let folder = folder.into();
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let (messages, lines) = read_index(&folder)?;
        let shelf = Arc::new(Mutex::new(Shelf { folder, messages, lines }));
        let from = Mailbox::new(
            Some(String::from("Poolhouse")),
            "no-reply@localhost".parse().map_err(io::Error::other)?,
        );
        Ok(Self { shelf, clock, from })
    }

    /// Newest last; those to `to` where it is given. For `GET /_poolhouse/outbox`: JSON objects of [`OutboxMessage`].
    pub async fn messages(&self, to: Option<&str>) -> Result<Vec<Value>, String> {
        let found = self.list(to);
        found.iter().map(serde_json::to_value).collect::<Result<_, _>>().map_err(|cause| cause.to_string())
    }

    /// The same, typed.
    pub fn list(&self, to: Option<&str>) -> Vec<OutboxMessage> {
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = |message: &&OutboxMessage| to.is_none_or(|to| message.to.eq_ignore_ascii_case(to));
        shelf.messages.iter().filter(meant).cloned().collect()
    }

    async fn keep(&self, message: OutboxMessage, content: Vec<u8>) -> Result<(), DeliveryError> {
        let shelf = self.shelf.clone();
        let keep = move || shelf.lock().unwrap_or_else(PoisonError::into_inner).keep(message, &content);
        match tokio::task::spawn_blocking(keep).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(cause)) => Err(DeliveryError::Later(format!("the outbox: {cause}"))),
            Err(cause) => Err(DeliveryError::Later(cause.to_string())),
        }
    }

    fn now(&self) -> String {
        let format =
            format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.clock.now().millis()) * 1_000_000)
            .ok()
            .and_then(|date| date.format(&format).ok())
            .unwrap_or_default()
    }
}

#[async_trait]
impl Mail for Outbox {
    async fn deliver(&self, mail: &MailMessage) -> Result<(), DeliveryError> {
        let content = message::write(mail, &self.from, Some(self.clock.now()))?.formatted();
        let message = OutboxMessage {
            id: mail.id.clone(),
            to: mail.to.clone(),
            kind: Kind::Email,
            subject: mail.subject.clone(),
            text: mail.text.clone(),
            code: mail.code.clone(),
            sent_at: self.now(),
        };
        self.keep(message, content).await
    }
}

#[async_trait]
impl TextMessage for Outbox {
    async fn deliver(&self, sms: &SmsMessage) -> Result<(), DeliveryError> {
        let message = OutboxMessage {
            id: sms.id.clone(),
            to: sms.to.clone(),
            kind: Kind::Sms,
            subject: String::new(),
            text: sms.text.clone(),
            code: sms.code.clone(),
            sent_at: self.now(),
        };
        let content = format!("To: {}\nDate: {}\n\n{}\n", one_line(&sms.to), message.sent_at, sms.text);
        self.keep(message, content.into_bytes()).await
    }
}

impl Shelf {
    /// The file first, then its line: a line always has a file behind it. A message that is delivered again (its sender
    /// did not hear that it was) takes the place of the first.
    fn keep(&mut self, message: OutboxMessage, content: &[u8]) -> io::Result<()> {
        write_whole(&self.folder, &file_name(&message), content)?;
        let before = self.messages.iter().position(|kept| kept.id == message.id && kept.kind == message.kind);
        if let Some(before) = before {
            self.messages.remove(before);
        }
        let line = format!("{}\n", serde_json::to_string(&message)?);
        self.messages.push_back(message);
        while self.messages.len() > KEPT {
            if let Some(oldest) = self.messages.pop_front() {
                let _ = fs::remove_file(self.folder.join(file_name(&oldest)));
            }
        }
        if self.lines >= self.messages.len() + STALE_LINES {
            let all: Vec<String> =
                self.messages.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
            write_whole(&self.folder, "index.jsonl", format!("{}\n", all.join("\n")).as_bytes())?;
            self.lines = self.messages.len();
            return Ok(());
        }
        let path = self.folder.join("index.jsonl");
        let mut index = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        index.write_all(line.as_bytes())?;
        self.lines += 1;
        index.sync_data()
    }
}

fn file_name(message: &OutboxMessage) -> String {
    let end = match message.kind {
        Kind::Email => "eml",
        Kind::Sms => "sms",
    };
    // A file system takes 255 bytes; ids are UUIDs.
    let mut id = message::plain_id(&message.id);
    id.truncate(200);
    format!("{id}.{end}")
}

/// Beside, synced, then renamed: a file is whole or not there.
fn write_whole(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let beside = folder.join(".incoming");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&beside, folder.join(name))?;
    File::open(folder)?.sync_all()
}

/// The last messages of the index, and how many lines it has. A line that cannot be read (cut short by a crash) is
/// skipped; its message's file is there.
fn read_index(folder: &Path) -> io::Result<(VecDeque<OutboxMessage>, usize)> {
    let path = folder.join("index.jsonl");
    let content = match fs::read(&path) {
        Ok(content) => content,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok((VecDeque::new(), 0)),
        Err(cause) => return Err(cause),
    };
    if !content.is_empty() && !content.ends_with(b"\n") {
        OpenOptions::new().append(true).open(&path)?.write_all(b"\n")?;
    }
    let lines: Vec<&[u8]> = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let mut messages: VecDeque<OutboxMessage> = VecDeque::new();
    for line in &lines {
        let Ok(message) = serde_json::from_slice::<OutboxMessage>(line) else { continue };
        messages.retain(|kept| kept.id != message.id || kept.kind != message.kind);
        messages.push_back(message);
        if messages.len() > KEPT {
            messages.pop_front();
        }
    }
    Ok((messages, lines.len()))
}

fn one_line(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

#[cfg(test)]
mod tests;
