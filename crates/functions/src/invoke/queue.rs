//! Asynchronous invocations: kept until they are done, tried three times in all, as on AWS (AWS Lambda Developer Guide,
//! "How Lambda handles errors and retries with asynchronous invocation").
//!
//! An event is committed before its caller hears 202. The node that accepted it works on it; a node that is no more is
//! noticed by its heartbeat's end, and another (or the same, started again) takes its events up.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use base::Timestamp;
use bytes::Bytes;
use ports::invoke::{InvokeError, Invoked};
use serde::{Deserialize, Serialize};
use store::{Batch, Collection, CommitError, Query, StoreError, Versioned};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::uuid;
use crate::{
    catalog::Target,
    functions::Inner,
    rows::{EventInvokeConfigRow, QueuedEventRow},
};

/// Events that one node may have accepted and not be done with.
const EVENTS: usize = 10_000;
const BEAT_EVERY: Duration = Duration::from_secs(5);
/// A heart that did not beat for so long has stopped.
const STOPPED_AFTER_SECONDS: i64 = 20;
const MOST_ATTEMPTS: u32 = 3;
const OLDEST_SECONDS: i64 = 6 * 3600;
const LONGEST_BACKOFF: Duration = Duration::from_secs(300);

pub struct EventQueue {
    pub node: String,
    places: Arc<Semaphore>,
    /// Until when this node's last beat says that it is alive, in milliseconds.
    alive_until: AtomicI64,
}

/// Says that a node is alive.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeRow {
    pub id: String,
    pub until: Timestamp,
}

impl Collection for NodeRow {
    const NAME: &'static str = "lambda_node";

    fn partition(&self) -> &str {
        "lambda_nodes"
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.until)
    }
}

impl EventQueue {
    pub fn new(node: String) -> Self {
        Self { node, places: Arc::new(Semaphore::new(EVENTS)), alive_until: AtomicI64::new(0) }
    }
}

impl Inner {
    pub(super) async fn queue_event(
        self: &Arc<Self>,
        target: &Target,
        payload: Bytes,
        client_context: Option<String>,
    ) -> Result<Invoked, InvokeError> {
        let place = Arc::clone(&self.queue.places).try_acquire_owned().map_err(|_| InvokeError::Throttled)?;
        let payload =
            String::from_utf8(payload.to_vec()).map_err(|cause| InvokeError::NotJson(cause.to_string()))?;
        let row = QueuedEventRow {
            function: target.function.clone(),
            qualifier: target.qualifier.clone(),
            id: uuid(&*self.rng),
            payload,
            client_context,
            accepted_at: self.clock.now(),
            attempts: 0,
            node: self.queue.node.clone(),
        };
        let beaten = self.beat().await;
        beaten.map_err(|cause| InvokeError::Failed(format!("the event could not be kept: {cause}")))?;
        let kept = self.store.commit(Batch::new().insert(&row)).await;
        kept.map_err(|cause| InvokeError::Failed(format!("the event could not be kept: {cause}")))?;
        self.work_on(Versioned { value: row, version: 1 }, place);
        Ok(Invoked {
            payload: Bytes::new(),
            function_error: None,
            executed_version: String::new(),
            log_tail: None,
        })
    }

    fn work_on(self: &Arc<Self>, row: Versioned<QueuedEventRow>, place: OwnedSemaphorePermit) {
        let inner = Arc::downgrade(self);
        tokio::spawn(async move {
            let _place = place;
            let mut row = row;
            let mut backoff = Duration::from_secs(1);
            loop {
                let Some(strong) = inner.upgrade() else { return };
                let wait = strong.attempt(&mut row, &mut backoff).await;
                drop(strong); // a closing server is not held up by an event that waits
                match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return,
                }
            }
        });
    }

    /// One attempt. `Some` is how long to wait for the next one; `None`: the event is done with.
    async fn attempt(
        self: &Arc<Self>,
        read: &mut Versioned<QueuedEventRow>,
        backoff: &mut Duration,
    ) -> Option<Duration> {
        let mut row = read.value.clone();
        let function = match &row.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", row.function),
            None => row.function.clone(),
        };
        let settings = self.event_settings(&row.function, row.qualifier.as_deref()).await;
        let outcome = match self.catalog.target(&function).await {
            Ok(target) => {
                let payload = Bytes::from(row.payload.clone());
                self.run(&function, target, row.id.clone(), payload, row.client_context.clone(), false).await
            }
            Err(cause) => Err(cause),
        };
        let age = self.clock.now().millis_since(row.accepted_at);
        let too_old = age > settings.oldest_seconds * 1000;
        let (wait, why) = match outcome {
            Ok((ended, _)) if !ended.failed => (None, None),
            Ok(_) => {
                row.attempts += 1;
                let delay = self.config.retry_delays.get(row.attempts as usize - 1).copied();
                let again = row.attempts < settings.attempts && !too_old;
                (delay.filter(|_| again), Some("every attempt failed"))
            }
            Err(InvokeError::NotFound(_)) => (None, Some("the function is gone")),
            Err(_) if too_old => (None, Some("it is too old")),
            // Throttled, or a failure of this server: tried again without counting, at growing intervals.
            Err(_) => {
                let wait = *backoff;
                *backoff = (wait * 2).min(LONGEST_BACKOFF);
                (Some(wait), None)
            }
        };
        // Another node took it up because this one had no pulse: then it is that node's.
        let batch = match wait {
            Some(_) => Batch::new().replace(read, &row),
            None => Batch::new().spend(read),
        };
        if wait.is_none()
            && let Some(why) = why
        {
            tracing::warn!(function, request_id = row.id, why, "an asynchronous event was given up");
        }
        match self.store.commit(batch).await {
            Ok(()) => {
                *read = Versioned { value: row, version: read.version + 1 };
                wait
            }
            Err(CommitError::Conflict(_)) => None,
            Err(cause) => {
                tracing::warn!(function, request_id = row.id, %cause, "what became of an event could not be kept");
                wait
            }
        }
    }

    async fn event_settings(&self, function: &str, qualifier: Option<&str>) -> EventSettings {
        let key = qualifier.unwrap_or(crate::reference::LATEST);
        let row =
            self.store.get::<EventInvokeConfigRow>(function, key).await.ok().flatten().map(|read| read.value);
        let retries = row.as_ref().and_then(|row| row.maximum_retry_attempts);
        let age = row.as_ref().and_then(|row| row.maximum_event_age_seconds);
        EventSettings {
            attempts: retries.map_or(MOST_ATTEMPTS, |retries| retries + 1),
            oldest_seconds: age.map_or(OLDEST_SECONDS, i64::from),
        }
    }

    /// Beats, and takes up what stopped nodes left, until it is dropped.
    pub async fn keep_queue(self: Arc<Self>) {
        let inner = Arc::downgrade(&self);
        drop(self);
        let mut beat = tokio::time::interval(BEAT_EVERY);
        loop {
            beat.tick().await;
            let Some(inner) = inner.upgrade() else { return };
            let busy = inner.queue.places.available_permits() < EVENTS;
            let beaten = if busy { inner.beat().await } else { Ok(()) };
            let taken = match beaten {
                Ok(()) => inner.take_up().await.map_err(|cause| cause.to_string()),
                Err(cause) => Err(cause.to_string()),
            };
            if let Err(cause) = taken {
                tracing::warn!(cause, "asynchronous events that were left over could not be taken up yet");
            }
        }
    }

    /// Says that this node is alive, unless that was said a moment ago. A node without events says nothing.
    async fn beat(&self) -> Result<(), CommitError> {
        let now = self.clock.now();
        let said = Timestamp::from_millis(self.queue.alive_until.load(Ordering::Relaxed));
        if said.millis_since(now) > STOPPED_AFTER_SECONDS * 500 {
            return Ok(());
        }
        let until = now.plus_seconds(STOPPED_AFTER_SECONDS);
        self.store.commit(Batch::new().put(&NodeRow { id: self.queue.node.clone(), until })).await?;
        self.queue.alive_until.store(until.millis(), Ordering::Relaxed);
        Ok(())
    }

    async fn take_up(self: &Arc<Self>) -> Result<(), StoreError> {
        let nodes = self.store.query_all(Query::<NodeRow>::in_partition("lambda_nodes")).await?;
        let alive: BTreeSet<String> = nodes.into_iter().map(|read| read.value.id).collect();
        for read in self.store.scan::<QueuedEventRow>().await? {
            if alive.contains(&read.value.node) {
                continue;
            }
            let Ok(place) = Arc::clone(&self.queue.places).try_acquire_owned() else { return Ok(()) };
            let row = QueuedEventRow { node: self.queue.node.clone(), ..read.value.clone() };
            // A conflict: another node was faster.
            if self.beat().await.is_ok() && self.store.commit(Batch::new().replace(&read, &row)).await.is_ok()
            {
                self.work_on(Versioned { value: row, version: read.version + 1 }, place);
            }
        }
        Ok(())
    }
}

struct EventSettings {
    attempts: u32,
    oldest_seconds: i64,
}
