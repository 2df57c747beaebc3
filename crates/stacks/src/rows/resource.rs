//! A resource of a stack, and how far the operation under way has come with it.
//!
//! Everything that is about to be done to the world is written here first, with the token that makes doing it again
//! harmless: after a crash the rows alone say how to go on.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Collection;

use super::ResourceStatus;
use crate::template::Policy;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResourceRow {
    pub home: String,
    pub stack: String,
    pub logical_id: String,
    pub resource_type: String,
    pub status: ResourceStatus,
    pub reason: Option<String>,
    pub updated_at: Timestamp,
    /// What references to the resource mean.
    pub live: Option<Instance>,
    /// What was live before this transaction replaced it.
    pub former: Option<Instance>,
    /// To be deleted in the next discarding phase.
    pub doomed: Vec<Instance>,
    pub mark: Option<Mark>,
    /// From when on the row of a deleted resource goes.
    pub expires_at: Option<Timestamp>,
}

/// One physical resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    pub resource_type: String,
    /// Decided before the resource is made: making it twice with one token makes it once.
    pub token: String,
    /// The generated name, decided with the token; `None` where the template names it or the type has no names.
    pub name: Option<String>,
    pub physical_id: Option<String>,
    pub properties: Properties,
    pub attributes: BTreeMap<String, Attribute>,
    /// The stack's tags that it carries.
    pub tags: BTreeMap<String, String>,
    /// Logical ids that it was made after.
    pub dependencies: Vec<String>,
    pub deletion_policy: Policy,
    pub update_replace_policy: Policy,
    /// An update of it failed: its true properties are not known.
    pub dirty: bool,
}

/// Resolved properties. In the store the leaves that `secrets` points to are sealed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Properties {
    pub value: Value,
    /// JSON pointers.
    pub secrets: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    pub value: Value,
    pub secret: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    pub transaction: String,
    pub progress: Progress,
    /// What is being done, or was last done.
    pub work: Option<Work>,
    /// How to get back to where the transaction began.
    pub undo: Option<Undo>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Work {
    /// `replace`: there is a live one, which this one follows.
    Create {
        instance: Instance,
        replace: bool,
    },
    Update {
        to: Properties,
        tags: BTreeMap<String, String>,
    },
    Discard,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Undo {
    /// It was not there.
    Discard,
    Revert {
        to: Properties,
        tags: BTreeMap<String, String>,
    },
    /// `former` becomes live again; where this transaction had changed it before it replaced it, with these properties.
    Swap {
        revert: Option<(Properties, BTreeMap<String, String>)>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    Waiting,
    Working,
    Done,
    Failed,
    /// It was done, but by then something else had failed.
    Cancelled,
}

impl ResourceRow {
    /// What `DescribeStackResource` shows.
    pub fn physical_id(&self) -> Option<&str> {
        let planned = match self.mark.as_ref().and_then(|mark| mark.work.as_ref()) {
            Some(Work::Create { instance, .. }) => Some(instance),
            _ => None,
        };
        self.live
            .as_ref()
            .or(self.doomed.last())
            .or(planned)
            .and_then(|instance| instance.physical_id.as_deref())
    }

    pub fn progress(&self, transaction: &str) -> Option<Progress> {
        self.mark.as_ref().filter(|mark| mark.transaction == transaction).map(|mark| mark.progress)
    }

    pub fn set(&mut self, status: ResourceStatus, reason: Option<String>, now: Timestamp) {
        self.status = status;
        self.reason = reason;
        self.updated_at = now;
    }
}

impl Collection for ResourceRow {
    const NAME: &'static str = "stack_resource";

    fn partition(&self) -> &str {
        &self.home
    }

    fn key(&self) -> String {
        format!("{}/{}", self.stack, self.logical_id)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }
}
