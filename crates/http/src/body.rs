//! Reading a request's body: so much and no more, so long and no longer.

use std::sync::Arc;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use crate::limits::Limits;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the request body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the request body did not arrive in time")]
    TooSlow,
    #[error("too many request bodies are being read at this moment")]
    Busy,
    #[error("the request body could not be read: {0}")]
    Broken(String),
}

/// The room for bodies, shared by all requests; one permit is a KiB.
#[derive(Clone)]
pub struct BodyRoom {
    permits: Arc<Semaphore>,
    limits: Limits,
}

/// A body, and the room it takes until it is dropped.
pub struct Held {
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl BodyRoom {
    pub fn new(limits: &Limits) -> Self {
        Self { permits: Arc::new(Semaphore::new((limits.bodies >> 10).max(1))), limits: limits.clone() }
    }

    /// `declared` is `Content-Length`, where there is one: what is declared too large is not read at all.
    pub async fn read(&self, body: Body, declared: Option<u64>, limit: usize) -> Result<Held, BodyError> {
        if declared.is_some_and(|declared| declared > limit as u64) {
            return Err(BodyError::TooLarge(limit));
        }
        let mut room = None;
        let mut bytes = BytesMut::new();
        let mut body = body;
        let whole = Instant::now() + self.limits.body_whole;
        loop {
            let until = whole.min(Instant::now() + self.limits.body_pause);
            let frame = match timeout_at(until, body.frame()).await {
                Err(_) => return Err(BodyError::TooSlow),
                Ok(None) => break,
                Ok(Some(Err(cause))) => return Err(BodyError::Broken(cause.to_string())),
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > limit {
                return Err(BodyError::TooLarge(limit));
            }
            self.grow(&mut room, bytes.len() + data.len())?;
            bytes.extend_from_slice(&data);
        }
        Ok(Held { bytes: bytes.freeze(), _room: room })
    }

    /// Room is taken as bytes come in, not as they are announced: an announcement costs a client nothing.
    fn grow(&self, room: &mut Option<OwnedSemaphorePermit>, size: usize) -> Result<(), BodyError> {
        let wanted = size.div_ceil(1024);
        let held = room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let Some(more) = wanted.checked_sub(held).filter(|more| *more > 0) else { return Ok(()) };
        let more = u32::try_from(more).map_err(|_| BodyError::Busy)?;
        let permit = Arc::clone(&self.permits).try_acquire_many_owned(more).map_err(|_| BodyError::Busy)?;
        match room {
            Some(room) => room.merge(permit),
            None => *room = Some(permit),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, time::Duration};

    use futures_util::{StreamExt, stream};

    use super::*;

    fn room(bodies: usize) -> BodyRoom {
        let limits = Limits { bodies, body_pause: Duration::from_millis(20), ..Limits::default() };
        BodyRoom::new(&limits)
    }

    #[tokio::test]
    async fn a_body_too_large_is_refused_announced_or_not() {
        let room = room(1 << 20);
        let refused = room.read(Body::from("12345"), Some(5), 4).await.map(|held| held.bytes);
        assert_eq!(refused, Err(BodyError::TooLarge(4)));
        let refused = room.read(Body::from("12345"), None, 4).await.map(|held| held.bytes);
        assert_eq!(refused, Err(BodyError::TooLarge(4)));
        assert_eq!(room.read(Body::from("1234"), None, 4).await.unwrap().bytes, "1234");
    }

    #[tokio::test]
    async fn room_is_given_back() {
        let room = room(2048);
        let held = room.read(Body::from(vec![0; 2048]), None, 4096).await.unwrap();
        let refused = room.read(Body::from("x"), None, 4096).await.map(|held| held.bytes);
        assert_eq!(refused, Err(BodyError::Busy));
        drop(held);
        assert!(room.read(Body::from("x"), None, 4096).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_is_given_up() {
        let trickle = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"x"))]).chain(stream::pending());
        let refused = room(2048).read(Body::from_stream(trickle), None, 10).await.map(|held| held.bytes);
        assert_eq!(refused, Err(BodyError::TooSlow));
    }
}
