//! Throttle: no more requests a second than a stage's settings allow
//! (Amazon API Gateway Developer Guide, "Throttle requests to your REST APIs").
//!
//! Nodes that share a store share the limit: each lets its part through, which asks nobody and costs no commit. What a
//! load balancer spreads unevenly is throttled a little early, never late.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use base::Timestamp;

use crate::{gateway::Inner, responses::Refusal, table::CompiledMethod};

pub fn run(inner: &Inner, method: &CompiledMethod) -> Result<(), Refusal> {
    match &method.throttle {
        Some(bucket) if !bucket.take(inner.clock.now(), inner.store.nodes()) => Err(Refusal::throttled()),
        _ => Ok(()),
    }
}

/// Every bucket, by what it is for. Tables are dropped and built again whenever something of theirs changes; a bucket is
/// not filled anew by that, unless its own limits changed.
#[derive(Debug, Default)]
pub struct Buckets {
    held: Mutex<HashMap<String, Arc<Bucket>>>,
}

impl Buckets {
    /// `None`: no limit. `name` begins with the API's id for a method of one, with `plan/` for a key in a usage plan.
    pub fn of(&self, name: String, rate: Option<f64>, burst: Option<u32>) -> Option<Arc<Bucket>> {
        let fresh = Bucket::new(rate, burst)?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = held.get(&name).filter(|bucket| bucket.has_limits_of(&fresh)) {
            return Some(Arc::clone(bucket));
        }
        let fresh = Arc::new(fresh);
        held.insert(name, Arc::clone(&fresh));
        Some(fresh)
    }

    /// Those of an API that is gone.
    pub fn forget(&self, api_id: &str) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|name, _| !name.strip_prefix(api_id).is_some_and(|rest| rest.starts_with('/')));
    }
}

/// A token bucket kept as one number: the instant at which it would be full again (the generic cell rate algorithm).
#[derive(Debug)]
pub struct Bucket {
    /// Microseconds from one request to the next at the steady rate.
    interval: i64,
    /// Microseconds of requests that may come at once.
    tolerance: i64,
    full_at: AtomicI64,
}

impl Bucket {
    /// `rate` in requests a second; `burst` at once. `None` where neither is given: no limit. A rate of zero lets only
    /// the burst through.
    pub fn new(rate: Option<f64>, burst: Option<u32>) -> Option<Self> {
        const DAY: i64 = 86_400_000_000;
        if rate.is_none() && burst.is_none() {
            return None;
        }
        let rate = rate.unwrap_or(10_000.0);
        let interval = if rate > 0.0 { ((1e6 / rate) as i64).clamp(1, DAY) } else { DAY };
        let burst = i64::from(burst.unwrap_or(5000));
        Some(Self { interval, tolerance: interval.saturating_mul(burst), full_at: AtomicI64::new(i64::MIN) })
    }

    const fn has_limits_of(&self, other: &Self) -> bool {
        self.interval == other.interval && self.tolerance == other.tolerance
    }

    /// Whether one more fits in at `now` into this node's part, where so many nodes share the limit.
    pub fn take(&self, now: Timestamp, nodes: usize) -> bool {
        let now = now.millis().saturating_mul(1000);
        let interval = self.interval.saturating_mul(i64::try_from(nodes.max(1)).unwrap_or(i64::MAX));
        // A burst smaller than the number of nodes leaves each with one; none leaves none.
        let tolerance = if self.tolerance == 0 { 0 } else { self.tolerance.max(interval) };
        let taken = self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let next = full_at.max(now).saturating_add(interval);
            (next.saturating_sub(now) <= tolerance).then_some(next)
        });
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_then_the_rate() {
        let bucket = Bucket::new(Some(10.0), Some(3)).unwrap();
        let at = |millis: i64| Timestamp::from_millis(1_000_000 + millis);
        assert_eq!([0, 0, 0, 0].map(|millis| bucket.take(at(millis), 1)), [true, true, true, false]);
        assert!(!bucket.take(at(99), 1));
        assert!(bucket.take(at(100), 1));
        assert!(!bucket.take(at(100), 1));
        assert_eq!(
            [1000, 1000, 1000, 1000].map(|millis| bucket.take(at(millis), 1)),
            [true, true, true, false]
        );
    }

    #[test]
    fn nodes_share_a_limit() {
        let at = |millis: i64| Timestamp::from_millis(1_000_000 + millis);
        let passed = |burst, nodes: usize, millis: &[i64]| {
            let buckets: Vec<Bucket> =
                (0..nodes).map(|_| Bucket::new(Some(10.0), Some(burst)).unwrap()).collect();
            let takes =
                millis.iter().map(|millis| buckets.iter().filter(|one| one.take(at(*millis), nodes)).count());
            takes.collect::<Vec<_>>()
        };
        assert_eq!(passed(4, 2, &[0, 0, 0, 199, 200]), [2, 2, 0, 0, 2]);
        assert_eq!(passed(7, 3, &[0, 0, 0]), [3, 3, 0]);
        assert_eq!(passed(1, 2, &[0, 0]), [2, 0]);
        assert_eq!(passed(0, 2, &[0]), [0]);
    }

    #[test]
    fn a_bucket_outlives_its_table() {
        let buckets = Buckets::default();
        let now = Timestamp::from_millis(5);
        let take = |rate| buckets.of(String::from("a/dev/GET /"), Some(rate), Some(1)).unwrap().take(now, 1);
        assert_eq!([take(1.0), take(1.0), take(2.0), take(2.0)], [true, false, true, false]);
        buckets.forget("a");
        assert!(take(2.0));
    }

    #[test]
    fn nothing_said_is_no_limit_and_zero_is_nothing() {
        assert!(Bucket::new(None, None).is_none());
        let closed = Bucket::new(Some(0.0), Some(0)).unwrap();
        assert!(!closed.take(Timestamp::from_millis(5), 1));
    }
}
