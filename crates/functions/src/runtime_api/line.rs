//! The conversation with one worker: events to it, answers from it.

use std::io::{self, Write as _};

use bytes::Bytes;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};

use super::{bridge::Bridge, wire::Inbox};

/// Up to here an event goes out in one write with its head; beyond, copying costs more than a second write.
const ONE_WRITE: usize = 32 * 1024;
pub const ACCEPTED: &[u8] = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
pub const TOO_LARGE: &[u8] = b"HTTP/1.1 413 Payload Too Large\r\ncontent-length: 0\r\n\r\n";
pub const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";

/// What a runtime says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    Next,
    Response {
        id: String,
        body: Bytes,
    },
    /// A response that was larger than a function may answer.
    TooLarge {
        id: String,
    },
    Error {
        id: String,
        kind: Option<String>,
        body: Bytes,
    },
    InitError {
        kind: Option<String>,
        body: Bytes,
    },
    /// A path the API does not have.
    Other,
}

/// One invocation, as the runtime hears of it.
pub struct Event<'a> {
    pub request_id: &'a str,
    /// Milliseconds since the epoch by the server's clock.
    pub deadline_millis: i64,
    /// The same, counted from now: what our bootstraps go by.
    pub remaining_millis: u64,
    pub function_arn: &'a str,
    /// JSON on one line.
    pub client_context: Option<&'a str>,
    pub payload: &'a Bytes,
}

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The other end is gone.
    #[error("the worker closed its line")]
    Closed,
    #[error("the worker does not speak the Runtime API")]
    Malformed,
}

/// Our end of the conversation.
pub enum Line {
    /// With a bootstrap of ours.
    Pair(Pair),
    /// With a runtime that connects to us.
    Bridge(Bridge),
}

impl Line {
    /// What the worker says next. May be dropped while it waits; nothing is lost.
    pub async fn hear(&mut self) -> Result<Said, LineError> {
        match self {
            Self::Pair(pair) => pair.hear().await,
            Self::Bridge(bridge) => bridge.hear().await,
        }
    }

    /// What has come already, where it is a whole request.
    pub fn heard(&mut self) -> Result<Option<Said>, LineError> {
        match self {
            Self::Pair(pair) => pair.heard(),
            Self::Bridge(bridge) => Ok(bridge.heard()),
        }
    }

    /// Whether an idle worker is quiet, and on a socket pair still there. Looks, does not wait.
    pub fn is_quiet(&self) -> bool {
        match self {
            Self::Pair(pair) => pair.is_quiet(),
            Self::Bridge(bridge) => bridge.is_quiet(),
        }
    }

    /// Answers the worker's question for the next event.
    pub async fn tell(&mut self, event: &Event<'_>) -> io::Result<()> {
        match self {
            Self::Pair(pair) => pair.tell(event).await,
            Self::Bridge(bridge) => bridge.tell(event).await,
        }
    }

    /// Sends acknowledgements now: to a runtime that waits for them before it asks again.
    pub async fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Pair(pair) => pair.flush().await,
            Self::Bridge(_) => Ok(()),
        }
    }
}

impl Event<'_> {
    /// The answer to `next`, without its body.
    pub fn write_head(&self, out: &mut Vec<u8>) -> io::Result<()> {
        write!(
            out,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nlambda-runtime-aws-request-id: {}\r\n\
             lambda-runtime-deadline-ms: {}\r\nlambda-runtime-invoked-function-arn: {}\r\n\
             poolhouse-remaining-ms: {}\r\n",
            self.request_id, self.deadline_millis, self.function_arn, self.remaining_millis
        )?;
        if let Some(context) = self.client_context {
            write!(out, "lambda-runtime-client-context: {context}\r\n")?;
        }
        write!(out, "content-length: {}\r\n\r\n", self.payload.len())
    }
}

/// Our end of a worker's socket pair.
pub struct Pair {
    stream: UnixStream,
    inbox: Inbox,
    /// Acknowledgements that go out with the next event: a bootstrap of ours asks for it without waiting for them.
    outgoing: Vec<u8>,
}

impl Pair {
    pub fn new(stream: UnixStream) -> Self {
        Self { stream, inbox: Inbox::new(), outgoing: Vec::with_capacity(1024) }
    }

    async fn hear(&mut self) -> Result<Said, LineError> {
        loop {
            if let Some(said) = self.heard()? {
                return Ok(said);
            }
            match self.stream.read_buf(&mut self.inbox.buffer).await {
                Ok(0) | Err(_) => return Err(LineError::Closed),
                Ok(_) => {}
            }
        }
    }

    fn heard(&mut self) -> Result<Option<Said>, LineError> {
        let said = self.inbox.take().map_err(|_| LineError::Malformed)?;
        match &said {
            Some(Said::Response { .. } | Said::Error { .. } | Said::InitError { .. }) => {
                self.outgoing.extend_from_slice(ACCEPTED);
            }
            Some(Said::TooLarge { .. }) => self.outgoing.extend_from_slice(TOO_LARGE),
            Some(Said::Other) => self.outgoing.extend_from_slice(NOT_FOUND),
            Some(Said::Next) | None => {}
        }
        Ok(said)
    }

    fn is_quiet(&self) -> bool {
        let mut byte = [0];
        self.inbox.buffer.is_empty()
            && matches!(self.stream.try_read(&mut byte), Err(cause) if cause.kind() == io::ErrorKind::WouldBlock)
    }

    async fn tell(&mut self, event: &Event<'_>) -> io::Result<()> {
        let out = &mut self.outgoing;
        event.write_head(out)?;
        if event.payload.len() <= ONE_WRITE {
            out.extend_from_slice(event.payload);
            self.flush().await
        } else {
            self.flush().await?;
            self.stream.write_all(event.payload).await
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let sent = self.stream.write_all(&self.outgoing).await;
        self.outgoing.clear();
        sent
    }
}
