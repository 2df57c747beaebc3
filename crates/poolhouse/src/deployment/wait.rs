//! Waiting for the other side, with a deadline.

use std::time::{Duration, Instant};

use crate::{
    aws::{AwsFailure, Client, cloudformation},
    failure::Failure,
};

const SHORTEST: Duration = Duration::from_millis(15);
const LONGEST: Duration = Duration::from_millis(1000);
/// No step of a deployment takes longer.
const DEADLINE: Duration = Duration::from_secs(3600);

/// Pauses that grow: a server on this machine is done in milliseconds, one far away wants to be left alone.
pub struct Pause {
    next: Duration,
    end: Instant,
}

impl Pause {
    pub fn new() -> Self {
        Self { next: SHORTEST, end: Instant::now() + DEADLINE }
    }

    pub async fn rest(&mut self, what: &str) -> Result<(), Failure> {
        if Instant::now() > self.end {
            return Err(Failure::tried(format!("{what} was not done within an hour")));
        }
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 5 / 4).min(LONGEST);
        Ok(())
    }

    /// Something happened: look again soon.
    pub const fn soon(&mut self) {
        self.next = SHORTEST;
    }
}

/// The stack's newest event: what comes after it belongs to what is begun now.
pub async fn newest_event(client: &Client, stack: &str) -> Result<Option<String>, AwsFailure> {
    let events = cloudformation::newest_events(client, stack).await?;
    Ok(events.into_iter().next().map(|event| event.id))
}
