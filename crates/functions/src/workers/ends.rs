//! The two ends of a worker's line, before there is a process at the other.

use std::{
    io,
    os::{
        fd::{AsRawFd, RawFd},
        unix::net::UnixStream as BlockingStream,
    },
};

use ports::Rng;
use tokio::net::UnixStream;

use super::Spec;
use crate::{
    runtime_api::{Door, Line, Pair},
    sandbox::ending,
};

pub enum Ends {
    Pair { ours: BlockingStream, theirs: BlockingStream },
    Door(Door),
}

impl Ends {
    pub async fn open(spec: &Spec, rng: &dyn Rng) -> io::Result<Self> {
        if spec.launch.wants_address {
            return Door::open(rng).await.map(Self::Door);
        }
        let (ours, theirs) = BlockingStream::pair()?;
        ours.set_nonblocking(true)?;
        Ok(Self::Pair { ours, theirs })
    }

    /// What the worker has to keep open.
    pub fn inherited(&self) -> Option<RawFd> {
        match self {
            Self::Pair { theirs, .. } => Some(theirs.as_raw_fd()),
            Self::Door(_) => None,
        }
    }

    /// How the worker finds its end.
    pub fn variable(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Pair { theirs, .. } => Some(("POOLHOUSE_RUNTIME_FD", theirs.as_raw_fd().to_string())),
            Self::Door(door) => Some(("AWS_LAMBDA_RUNTIME_API", door.address.to_string())),
        }
    }

    /// Ours, once `pid` has the other.
    pub fn line(self, pid: u32) -> io::Result<Line> {
        match self {
            Self::Pair { ours, .. } => Ok(Line::Pair(Pair::new(UnixStream::from_std(ours)?))),
            Self::Door(door) => Ok(Line::Bridge(door.listen(pid, ending(pid)?))),
        }
    }
}
