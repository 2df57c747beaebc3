//! One log stream of a worker: gathers events in memory until they are written.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::{Notify, broadcast};

use super::{LiveLogEvent, LogEvent, rows::LogStreamRow, sink::EVENT_OVERHEAD};

/// Followers that lag lose the oldest.
const LIVE_EVENTS: usize = 1024;
/// From here on the stream asks to be written at once.
const EAGER_BYTES: usize = 512 * 1024;
/// What one stream may hold in memory.
const HELD_BYTES: usize = 4 * 1024 * 1024;

pub struct StreamWriter {
    function: Arc<str>,
    group: Arc<str>,
    stream: Arc<str>,
    held: Mutex<Held>,
    signals: Arc<Signals>,
}

#[derive(Default)]
struct Held {
    events: Vec<LogEvent>,
    bytes: usize,
    lost: u64,
    row: Option<LogStreamRow>,
}

/// How writers reach whoever writes for them and whoever follows along.
pub struct Signals {
    /// Something came.
    pub some: Notify,
    /// Much came.
    pub full: Notify,
    live: broadcast::Sender<Arc<LiveLogEvent>>,
    /// Whether anyone may be listening: asked at every event, and cheaper than the sender's own count.
    followed: AtomicBool,
}

impl Default for Signals {
    fn default() -> Self {
        Self {
            some: Notify::new(),
            full: Notify::new(),
            live: broadcast::channel(LIVE_EVENTS).0,
            followed: AtomicBool::new(false),
        }
    }
}

impl Signals {
    pub fn follow(&self) -> broadcast::Receiver<Arc<LiveLogEvent>> {
        let receiver = self.live.subscribe();
        self.followed.store(true, Ordering::SeqCst);
        receiver
    }

    /// Notices, now and then, that nobody listens any more.
    pub fn notice_followers(&self) {
        if self.live.receiver_count() == 0 {
            self.followed.store(false, Ordering::SeqCst);
            // Someone may have come in between.
            if self.live.receiver_count() > 0 {
                self.followed.store(true, Ordering::SeqCst);
            }
        }
    }
}

impl StreamWriter {
    pub fn new(function: Arc<str>, group: Arc<str>, stream: Arc<str>, signals: Arc<Signals>) -> Self {
        Self { function, group, stream, held: Mutex::default(), signals }
    }

    /// Whose worker writes here.
    pub fn function(&self) -> &str {
        &self.function
    }

    pub fn group(&self) -> &str {
        &self.group
    }

    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The stream as it was last written.
    pub fn remember(&self, row: LogStreamRow) {
        self.held().row = Some(row);
    }

    pub fn push(&self, event: LogEvent) {
        if self.signals.followed.load(Ordering::Relaxed) {
            let _ = self.signals.live.send(Arc::new(LiveLogEvent {
                group: Arc::clone(&self.group),
                stream: Arc::clone(&self.stream),
                timestamp: event.timestamp,
                message: event.message.clone(),
            }));
        }
        let mut held = self.held();
        let size = event.message.len() + EVENT_OVERHEAD;
        if held.bytes + size > HELD_BYTES {
            held.lost += 1;
            return;
        }
        let before = held.bytes;
        if before == 0 {
            self.signals.some.notify_one();
        }
        held.bytes += size;
        held.events.push(event);
        if before < EAGER_BYTES && held.bytes >= EAGER_BYTES {
            self.signals.full.notify_one();
        }
    }

    /// What there is to write: events, how many were lost, and the stream as it was last written.
    pub fn take(&self) -> (Vec<LogEvent>, u64, Option<LogStreamRow>) {
        let mut held = self.held();
        held.bytes = 0;
        (std::mem::take(&mut held.events), std::mem::take(&mut held.lost), held.row.clone())
    }

    /// What could not be written.
    pub fn take_back(&self, mut events: Vec<LogEvent>) {
        let mut held = self.held();
        let newer = std::mem::take(&mut held.events);
        held.bytes += events.iter().map(|event| event.message.len() + EVENT_OVERHEAD).sum::<usize>();
        events.extend(newer);
        held.events = events;
        self.signals.some.notify_one();
    }

    pub fn holds_something(&self) -> bool {
        let held = self.held();
        !held.events.is_empty() || held.lost > 0
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
