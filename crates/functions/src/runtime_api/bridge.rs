//! The Runtime API at an address, for runtimes that bring their own client (`provided.al2023` and its like).
//!
//! Each such worker has a listener of its own on a loopback address and port that were drawn for it, and only its own
//! processes are listened to there: a connection is matched, through `/proc`, with a socket that one of them holds.

use std::{
    fs,
    io::{self, Write as _},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    sync::Arc,
};

use bytes::Bytes;
use ports::{Rng, RngExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Mutex, mpsc},
    task::{JoinHandle, JoinSet},
};

use crate::sandbox::Ending;

use super::{
    Event, LineError, Said,
    line::{ACCEPTED, NOT_FOUND, TOO_LARGE},
    wire::Inbox,
};

/// Connections of one worker at once; its clients need one or two.
const CONNECTIONS: usize = 16;
/// What a worker may say before anyone has listened.
const SAID: usize = 16;

/// Our end of a worker that connects to us.
pub struct Bridge {
    said: mpsc::Receiver<Said>,
    events: mpsc::Sender<Bytes>,
    process: Ending,
    listening: JoinHandle<()>,
}

/// A listener that waits for its worker to be started.
pub struct Door {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Door {
    pub async fn open(rng: &dyn Rng) -> io::Result<Self> {
        let [b, c, d] = rng.bytes::<3>();
        let host = Ipv4Addr::new(127, b.max(1), c, d.clamp(1, 254));
        let listener = TcpListener::bind(SocketAddrV4::new(host, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// `process` tells of the end of the worker `pid`.
    pub fn listen(self, pid: u32, process: Ending) -> Bridge {
        let (say, said) = mpsc::channel(SAID);
        let (events, incoming) = mpsc::channel(1);
        let listening = tokio::spawn(listen(self.listener, pid, say, Arc::new(Mutex::new(incoming))));
        Bridge { said, events, process, listening }
    }
}

impl Bridge {
    /// As `Line::hear`; the process's end is heard too, after all that it said before.
    pub async fn hear(&mut self) -> Result<Said, LineError> {
        tokio::select! {
            biased;
            said = self.said.recv() => said.ok_or(LineError::Closed),
            _ = self.process.readable() => self.said.try_recv().map_err(|_| LineError::Closed),
        }
    }

    pub fn heard(&mut self) -> Option<Said> {
        self.said.try_recv().ok()
    }

    pub fn is_quiet(&self) -> bool {
        self.said.is_empty()
    }

    pub async fn tell(&mut self, event: &Event<'_>) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(512 + event.payload.len());
        event.write_head(&mut bytes)?;
        bytes.extend_from_slice(event.payload);
        self.events.send(bytes.into()).await.map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn listen(
    listener: TcpListener,
    pid: u32,
    say: mpsc::Sender<Said>,
    events: Arc<Mutex<mpsc::Receiver<Bytes>>>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, peer)) = accepted else { continue };
                let known = connections.len() < CONNECTIONS && is_held_by(pid, peer, &listener);
                if known {
                    let _ = stream.set_nodelay(true);
                    connections.spawn(converse(stream, say.clone(), Arc::clone(&events)));
                } else {
                    tracing::warn!(pid, %peer, "someone else knocked at a worker's door");
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn converse(
    mut stream: TcpStream,
    say: mpsc::Sender<Said>,
    events: Arc<Mutex<mpsc::Receiver<Bytes>>>,
) -> Option<()> {
    let mut inbox = Inbox::new();
    loop {
        let said = loop {
            match inbox.take() {
                Ok(Some(said)) => break said,
                Ok(None) => {}
                Err(_) => {
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
                    return None;
                }
            }
            if stream.read_buf(&mut inbox.buffer).await.ok()? == 0 {
                return None;
            }
        };
        let answer = match &said {
            Said::Next => {
                say.send(said).await.ok()?;
                let mut events = events.lock().await;
                let event = tokio::select! {
                    event = events.recv() => event?,
                    // It hung up before there was anything to tell.
                    _ = stream.readable() => return None,
                };
                drop(events);
                stream.write_all(&event).await.ok()?;
                continue;
            }
            Said::Response { .. } | Said::Error { .. } | Said::InitError { .. } => ACCEPTED,
            Said::TooLarge { .. } => TOO_LARGE,
            Said::Other => NOT_FOUND,
        };
        say.send(said).await.ok()?;
        stream.write_all(answer).await.ok()?;
    }
}

/// Whether the other end of a connection is a socket of `pid` or of a process below it.
fn is_held_by(pid: u32, peer: SocketAddr, listener: &TcpListener) -> bool {
    let Ok(ours) = listener.local_addr() else { return false };
    let Some(inode) = socket_inode(peer, ours) else { return false };
    let name = format!("socket:[{inode}]");
    let mut family = vec![pid];
    while let Some(one) = family.pop() {
        let held = fs::read_dir(format!("/proc/{one}/fd")).is_ok_and(|descriptors| {
            descriptors.flatten().any(|descriptor| {
                fs::read_link(descriptor.path()).is_ok_and(|target| target.as_os_str() == name.as_str())
            })
        });
        if held {
            return true;
        }
        let children = fs::read_dir(format!("/proc/{one}/task")).into_iter().flatten().flatten();
        for task in children {
            let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            family.extend(text.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
    false
}

/// The inode of the socket bound to `from` and connected to `to`, by the kernel's own table.
fn socket_inode(from: SocketAddr, to: SocketAddr) -> Option<u64> {
    let (SocketAddr::V4(from), SocketAddr::V4(to)) = (from, to) else { return None };
    let (from, to) = (in_table(from)?, in_table(to)?);
    let table = fs::read_to_string("/proc/net/tcp").ok()?;
    table.lines().skip(1).find_map(|line| {
        let mut fields = line.split_whitespace();
        let (local, remote) = (fields.nth(1)?, fields.next()?);
        (local == from && remote == to).then(|| fields.nth(6)?.parse().ok()).flatten()
    })
}

/// An address as `/proc/net/tcp` writes it: hexadecimal, the host as this machine orders its bytes.
fn in_table(address: SocketAddrV4) -> Option<String> {
    let host = u32::from_ne_bytes(address.ip().octets());
    let mut text = Vec::new();
    write!(text, "{host:08X}:{:04X}", address.port()).ok()?;
    String::from_utf8(text).ok()
}
