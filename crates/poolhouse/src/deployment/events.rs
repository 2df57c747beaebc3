//! Follows a stack by its events until it is done, and tells why it failed.

use std::collections::BTreeSet;

use super::{Bundle, wait::Pause};
use crate::{
    aws::{
        Client,
        cloudformation::{self, StackEvent},
    },
    failure::Failure,
    terminal::Terminal,
};

/// How it ended.
#[derive(Clone, Debug, Default)]
pub struct Followed {
    pub status: String,
    pub reason: String,
    /// What failed by itself, not because something else did.
    pub failures: Vec<StackEvent>,
    /// What a policy or a protection left where it is.
    pub kept: Vec<StackEvent>,
}

/// `stack` is its id, by which a deleted one is known too. `since` is the newest event from before.
pub async fn follow(
    client: &Client,
    stack: &str,
    since: Option<&str>,
    terminal: &Terminal,
    doing: &str,
) -> Result<Followed, Failure> {
    let mut since = since.map(str::to_owned);
    let mut followed = Followed::default();
    let mut done = BTreeSet::new();
    let mut pause = Pause::new();
    loop {
        let events = match cloudformation::events_since(client, stack, since.as_deref()).await {
            Ok(events) => events,
            Err(failure) if doing == "Removing" && failure.says_missing() => {
                followed.status = String::from("DELETE_COMPLETE");
                return Ok(followed);
            }
            Err(failure) => return Err(failure.into()),
        };
        if let Some(newest) = events.first() {
            since = Some(newest.id.clone());
            pause.soon();
        }
        for event in events.into_iter().rev() {
            terminal.detail(&format!("  {} - {} - {}", event.status, event.kind, event.logical_id));
            let is_stack = event.kind == "AWS::CloudFormation::Stack" && event.physical_id == stack;
            if is_stack {
                followed.status.clone_from(&event.status);
                followed.reason.clone_from(&event.reason);
                continue;
            }
            if event.status.ends_with("_COMPLETE") && done.insert(event.logical_id.clone()) {
                terminal.step(&format!("{doing} CloudFormation stack ({} resources done)", done.len()));
            }
            if event.status.ends_with("_FAILED") && !is_consequence(&event) {
                followed.failures.push(event);
            } else if event.status == "DELETE_SKIPPED" {
                followed.kept.push(event);
            }
        }
        if followed.is_done() {
            return Ok(followed);
        }
        pause.rest("the stack").await?;
    }
}

/// "Resource creation cancelled" and the like: it failed because another one did.
fn is_consequence(event: &StackEvent) -> bool {
    let reason = event.reason.to_lowercase();
    reason.contains("cancelled") || reason.contains("canceled")
}

impl Followed {
    fn is_done(&self) -> bool {
        !self.status.is_empty() && !self.status.ends_with("_IN_PROGRESS")
    }

    /// An error with all reasons, unless the stack is what it should be.
    pub fn expect(&self, status: &str, bundle: &Bundle) -> Result<(), Failure> {
        if self.status == status {
            return Ok(());
        }
        let outcome = match self.status.as_str() {
            "ROLLBACK_COMPLETE" | "DELETE_COMPLETE" => "what had been made was removed again",
            "UPDATE_ROLLBACK_COMPLETE" => "everything is as it was before",
            _ => "it was left as it is",
        };
        let message = format!("the stack {} failed; {outcome} ({})", bundle.stack_name, self.status);
        let mut details = Vec::new();
        for event in &self.failures {
            details.push(format!("  {} ({})", event.logical_id, event.kind));
            details.extend(event.reason.lines().map(|line| format!("    {line}")));
            details.extend(bundle.place_of(&event.logical_id));
        }
        if self.failures.is_empty() && !self.reason.is_empty() {
            details.push(format!("  {}", self.reason));
        }
        let failure = Failure::tried(message).details(details);
        Err(match self.status.as_str() {
            "UPDATE_ROLLBACK_FAILED" => {
                failure.help("mend what the reasons name, then 'aws cloudformation continue-update-rollback'")
            }
            _ => failure,
        })
    }
}
