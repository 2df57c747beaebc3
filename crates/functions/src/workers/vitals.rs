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

use tokio::sync::Notify;

use crate::sandbox::{kill_group, rss_page_size};

const LOOK_EVERY: Duration = Duration::from_millis(100);
const MEBIBYTE: u64 = 1024 * 1024;

/// One process's.
pub struct Vitals {
    pid: u32,
    limit: u64,
    page: u64,
    statm: File,
    stat: File,
    /// Clock ticks of processor time at the last count.
    ticks: AtomicU64,
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
            stat: File::open(format!("/proc/{pid}/stat"))?,
            ticks: AtomicU64::new(0),
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

    /// Clock ticks of processor time since this was last asked.
    fn ticks(&self) -> u64 {
        let now = processor_ticks(&self.stat).unwrap_or_default();
        now.saturating_sub(self.ticks.swap(now, Ordering::Relaxed))
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

/// User and system time: the 14th and 15th field, counted from behind the program's name.
fn processor_ticks(stat: &File) -> Option<u64> {
    let mut buffer = [0; 512];
    let length = stat.read_at(&mut buffer, 0).ok()?;
    let text = std::str::from_utf8(&buffer[..length]).ok()?;
    let mut fields = text.rsplit_once(") ")?.1.split(' ').skip(11);
    Some(fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?)
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

/// Ticks a second, as `/proc` counts on every Linux of today.
const TICKS_A_SECOND: f64 = 100.0;
/// From this share of the processors on, more workers would only stand in each other's way.
const SATURATED: f64 = 0.85;
/// How many looks are taken together to tell how busy workers are.
const LOOKS: u32 = 3;

/// The workers there are. A worker takes itself off before its process is waited for, so a number here is always its
/// own.
pub struct Watch {
    all: Mutex<HashMap<u64, Arc<Vitals>>>,
    added: Notify,
    processors: usize,
    saturated: AtomicBool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            all: Mutex::default(),
            added: Notify::new(),
            processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            saturated: AtomicBool::new(false),
        }
    }
}

impl Watch {
    pub fn add(&self, worker: u64, vitals: Arc<Vitals>) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).insert(worker, vitals);
        self.added.notify_one();
    }

    pub fn remove(&self, worker: u64) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(&worker);
    }

    pub fn processors(&self) -> usize {
        self.processors
    }

    /// Whether workers use up the processors there are, so that another one would not make anything faster.
    pub fn is_saturated(&self) -> bool {
        self.saturated.load(Ordering::Relaxed)
    }

    /// Looks after all of them until it is dropped. Rests while there are none.
    pub async fn keep_looking(&self) {
        let mut beat = tokio::time::interval(LOOK_EVERY);
        loop {
            let (mut ticks, began) = (0, Instant::now());
            for _ in 0..LOOKS {
                beat.tick().await;
                match self.look() {
                    Some(more) => ticks += more,
                    None => {
                        self.added.notified().await;
                        beat.reset();
                        break;
                    }
                }
            }
            let could = began.elapsed().as_secs_f64() * TICKS_A_SECOND * self.processors as f64;
            self.saturated.store(ticks as f64 > could * SATURATED, Ordering::Relaxed);
        }
    }

    /// The ticks that all of them used since the last look; `None` where there are none.
    fn look(&self) -> Option<u64> {
        // The lock is held so that no process is waited for, and no number reused, between look and kill.
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = all.values().map(|vitals| {
            vitals.look(true);
            vitals.ticks()
        });
        (!all.is_empty()).then(|| looked.sum())
    }
}
