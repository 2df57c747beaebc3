//! Who sits at the listener, since when they have been silent, and who makes room.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

#[derive(Clone)]
pub struct Seats {
    free: Arc<Semaphore>,
    count: usize,
    room: Arc<Mutex<Room>>,
}

#[derive(Default)]
struct Room {
    next: u64,
    /// Silent connections, the longest silent first. The number grows with each time that one falls silent.
    silent: BTreeMap<u64, Arc<Notify>>,
}

/// One connection's place; dropping it gives the place back.
pub struct Seat {
    seats: Seats,
    go: Arc<Notify>,
    silent_as: Mutex<Option<u64>>,
    busy: AtomicUsize,
    _permit: OwnedSemaphorePermit,
}

/// A request in progress on a seat.
pub struct Busy(Arc<Seat>);

impl Seats {
    pub fn new(count: usize) -> Self {
        let count = count.clamp(1, 1 << 20);
        Self { free: Arc::new(Semaphore::new(count)), count, room: Arc::default() }
    }

    /// Waits for a seat; where none is free, the longest silent connection is asked to go.
    pub async fn take(&self) -> Arc<Seat> {
        loop {
            if self.free.available_permits() == 0 {
                self.ask_one_to_go();
            }
            let wait = std::time::Duration::from_millis(50);
            let permit = tokio::time::timeout(wait, Arc::clone(&self.free).acquire_owned()).await;
            if let Ok(Ok(permit)) = permit {
                let seat = Arc::new(Seat {
                    seats: self.clone(),
                    go: Arc::new(Notify::new()),
                    silent_as: Mutex::new(None),
                    busy: AtomicUsize::new(0),
                    _permit: permit,
                });
                seat.falls_silent();
                return seat;
            }
        }
    }

    pub fn ask_one_to_go(&self) {
        if let Some((_, go)) = lock(&self.room).silent.pop_first() {
            go.notify_one();
        }
    }

    /// Until every seat is free.
    pub async fn empty(&self) {
        let all = u32::try_from(self.count).unwrap_or(u32::MAX);
        let _ = self.free.acquire_many(all).await;
    }
}

impl Seat {
    pub async fn asked_to_go(&self) {
        self.go.notified().await;
    }

    /// Call when a request has begun.
    pub fn busy(self: &Arc<Self>) -> Busy {
        if self.busy.fetch_add(1, Ordering::AcqRel) == 0 {
            self.speaks();
        }
        Busy(Arc::clone(self))
    }

    /// How many seats are taken, this one among them.
    pub fn taken(&self) -> usize {
        self.seats.count - self.seats.free.available_permits()
    }

    pub fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire) > 0
    }

    // The two locks are never held together.

    fn falls_silent(&self) {
        let number = {
            let mut room = lock(&self.seats.room);
            room.next += 1;
            let number = room.next;
            room.silent.insert(number, Arc::clone(&self.go));
            number
        };
        let before = lock(&self.silent_as).replace(number);
        self.forget(before);
    }

    fn speaks(&self) {
        let number = lock(&self.silent_as).take();
        self.forget(number);
    }

    fn forget(&self, number: Option<u64>) {
        if let Some(number) = number {
            lock(&self.seats.room).silent.remove(&number);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.speaks();
    }
}

impl Busy {
    /// The seat stays busy until `body` was sent or given up.
    pub fn until_the_end_of(self, body: Body) -> Body {
        Body::new(BusyBody { body, _busy: self })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0.busy.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.falls_silent();
        }
    }
}

struct BusyBody {
    body: Body,
    _busy: Busy,
}

impl HttpBody for BusyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn the_longest_silent_makes_room_and_the_busy_stays() {
        let seats = Seats::new(3);
        let first = seats.take().await;
        let second = seats.take().await;
        let third = seats.take().await;
        let busy = first.busy();
        let newcomer = tokio::spawn({
            let seats = seats.clone();
            async move { seats.take().await }
        });
        timeout(Duration::from_secs(5), second.asked_to_go()).await.unwrap();
        assert!(timeout(Duration::from_millis(10), first.asked_to_go()).await.is_err());
        drop(second);
        let newcomer = timeout(Duration::from_secs(5), newcomer).await.unwrap().unwrap();
        drop((busy, first, third, newcomer));
        timeout(Duration::from_secs(5), seats.empty()).await.unwrap();
    }
}
