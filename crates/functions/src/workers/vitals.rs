//! Memory: how much each worker holds, and the end of those that hold too much.
//!
//! An address-space limit would not do: Node reserves far more than it uses. So resident memory is looked at, ten times
//! a second and at the end of each invocation, through a `/proc/<pid>/statm` that stays open.

use std::{
    collections::HashMap,
    fs::File,
    io,
    os::unix::fs::FileExt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::sandbox::{kill_group, rss_page_size};

const LOOK_EVERY: Duration = Duration::from_millis(100);
const MEBIBYTE: u64 = 1024 * 1024;

/// One process's.
pub struct Vitals {
    pid: u32,
    limit: u64,
    page: u64,
    statm: File,
    peak: AtomicU64,
    over: AtomicBool,
    opened: Instant,
    /// Milliseconds from `opened` to the last look; `u64::MAX` before the first.
    looked: AtomicU64,
}

impl Vitals {
    pub fn open(pid: u32, memory_mb: u32) -> io::Result<Self> {
        Ok(Self {
            pid,
            limit: u64::from(memory_mb) * MEBIBYTE,
            page: rss_page_size(),
            statm: File::open(format!("/proc/{pid}/statm"))?,
            peak: AtomicU64::new(0),
            over: AtomicBool::new(false),
            opened: Instant::now(),
            looked: AtomicU64::new(u64::MAX),
        })
    }

    /// Looks, unless someone has a moment ago: at the end of each invocation.
    pub fn look_again(&self) {
        let looked = self.looked.load(Ordering::Relaxed);
        let now = self.opened.elapsed().as_millis() as u64;
        if looked == u64::MAX || now > looked + 50 {
            self.look(false);
        }
    }

    /// Reads how much it holds now, children of its main thread included, and remembers the most there was.
    pub fn look(&self, with_children: bool) {
        self.looked.store(self.opened.elapsed().as_millis() as u64, Ordering::Relaxed);
        let mut held = resident_pages(&self.statm).unwrap_or_default() * self.page;
        if with_children {
            held += children_pages(self.pid) * self.page;
        }
        self.peak.fetch_max(held, Ordering::Relaxed);
        if held > self.limit && !self.over.swap(true, Ordering::Relaxed) {
            tracing::warn!(pid = self.pid, held, limit = self.limit, "a function holds more than its memory");
            kill_group(self.pid);
        }
    }

    /// `Max Memory Used`, in MB as the report shows it.
    pub fn peak_mb(&self) -> u64 {
        (self.peak.load(Ordering::Relaxed).div_ceil(MEBIBYTE)).min(self.limit / MEBIBYTE)
    }

    /// Whether it was killed for its memory.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

fn resident_pages(statm: &File) -> Option<u64> {
    let mut buffer = [0; 128];
    let length = statm.read_at(&mut buffer, 0).ok()?;
    std::str::from_utf8(&buffer[..length]).ok()?.split(' ').nth(1)?.parse().ok()
}

fn children_pages(pid: u32) -> u64 {
    let Ok(children) = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) else { return 0 };
    children
        .split_whitespace()
        .filter_map(|child| {
            let child: u32 = child.parse().ok()?;
            let own = resident_pages(&File::open(format!("/proc/{child}/statm")).ok()?)?;
            Some(own + children_pages(child))
        })
        .sum()
}

/// The workers there are. A worker takes itself off before its process is waited for, so a number here is always its
/// own.
#[derive(Default)]
pub struct Watch {
    all: Mutex<HashMap<u64, Arc<Vitals>>>,
}

impl Watch {
    pub fn add(&self, worker: u64, vitals: Arc<Vitals>) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(worker, vitals);
    }

    pub fn remove(&self, worker: u64) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&worker);
    }

    /// Looks after all of them until it is dropped.
    pub async fn keep_looking(&self) {
        let mut beat = tokio::time::interval(LOOK_EVERY);
        loop {
            beat.tick().await;
            // The lock is held so that no process is waited for, and no number reused, between look and kill.
            let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
            for vitals in all.values() {
                vitals.look(true);
            }
        }
    }
}
