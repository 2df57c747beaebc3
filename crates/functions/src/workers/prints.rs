//! What a worker prints, on its way from the pipe to the log.

use std::io::{self, PipeReader, Read};

use bytes::BufMut;
use tokio::{io::AsyncReadExt, net::unix::pipe::Receiver};

use super::{Surroundings, log_pipe::Splitter};
use crate::logs::InvocationLog;

pub struct Prints {
    pipe: Option<Receiver>,
    /// The same end, read without asking the event loop: at the end of an invocation, what was printed before the
    /// answer is in the pipe, whether or not the loop has noticed.
    raw: PipeReader,
    splitter: Splitter,
}

impl Prints {
    pub fn new(reader: PipeReader) -> io::Result<Self> {
        let raw = reader.try_clone()?;
        let pipe = Receiver::from_owned_fd(reader.into())?;
        Ok(Self { pipe: Some(pipe), raw, splitter: Splitter::default() })
    }

    /// Waits for more. Never comes back once the other end is closed.
    pub async fn more(&mut self) -> usize {
        match &mut self.pipe {
            Some(pipe) => pipe.read_buf(&mut self.splitter.buffer).await.unwrap_or_default(),
            None => std::future::pending().await,
        }
    }

    /// What `more` brought.
    pub fn tell(&mut self, more: usize, around: &Surroundings, log: &mut InvocationLog<'_>) {
        if more == 0 {
            self.pipe = None;
        }
        self.splitter.take(around.clock.now(), false, |event| log.event(event));
    }

    /// Everything that is there now, at most a pipe's capacity many times over.
    pub fn drain(&mut self, around: &Surroundings, log: &mut InvocationLog<'_>) {
        for _ in 0..4096 {
            let mut chunk = [0_u8; 2048];
            match self.raw.read(&mut chunk) {
                Ok(count) if count > 0 => self.splitter.buffer.put_slice(&chunk[..count]),
                _ => break,
            }
        }
        if !self.splitter.buffer.is_empty() {
            self.splitter.take(around.clock.now(), true, |event| log.event(event));
        }
    }

    /// Whether there is text that has not become an event yet.
    pub fn holds_something(&self) -> bool {
        !self.splitter.buffer.is_empty()
    }
}
