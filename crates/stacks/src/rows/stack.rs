//! A stack: what it is, what it was, and the operation under way.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

use super::StackStatus;
use crate::parameters::ParameterValue;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StackRow {
    /// `<account>/<region>`.
    pub home: String,
    /// The UUID at the end of the ARN.
    pub id: String,
    pub arn: String,
    pub name: String,
    pub status: StackStatus,
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Option<Timestamp>,
    pub deleted_at: Option<Timestamp>,
    /// What the stack is, or is becoming.
    pub revision: Revision,
    /// What it was before the update under way, to go back to.
    pub previous: Option<Revision>,
    pub outputs: Vec<OutputValue>,
    /// Stays after the operation has ended: its token makes a repeated call the same call.
    pub operation: Option<Operation>,
    pub termination_protection: bool,
    pub policy: Option<String>,
    /// The change set that made or last changed it.
    pub change_set: Option<String>,
}

/// Everything a caller says of a stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// As given. Empty while the stack only has a change set.
    pub template: String,
    pub parameters: Vec<ParameterValue>,
    pub tags: Vec<Tag>,
    pub capabilities: Vec<String>,
    pub notification_arns: Vec<String>,
    pub role_arn: Option<String>,
    pub description: Option<String>,
    /// Names of exports that the template imports.
    pub imports: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    #[serde(rename = "Key")]
    pub key: String,
    #[serde(rename = "Value")]
    pub value: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputValue {
    pub key: String,
    pub value: String,
    pub description: Option<String>,
    pub export: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Operation {
    pub kind: OperationKind,
    /// Names the change from one state at rest to the next; what resources remember of it carries it. An update that
    /// goes on where one failed without rollback is the same transaction.
    pub transaction: String,
    /// The caller's `ClientRequestToken`.
    pub client_token: Option<String>,
    pub principal: Principal,
    pub on_failure: OnFailure,
    /// Logical ids that a deletion leaves alone (`RetainResources`).
    pub retain: Vec<String>,
    /// Leave behind what cannot be deleted (`DeletionMode: FORCE_DELETE_STACK`).
    pub force: bool,
    /// `CancelUpdateStack` came.
    pub cancel: bool,
    /// `DeleteStack` came while the stack was being made.
    pub then_delete: bool,
    pub deadline: Option<Timestamp>,
    /// Why it fails, where no resource is the reason.
    pub failure: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationKind {
    Create,
    Update,
    Delete,
    Rollback,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    #[default]
    Rollback,
    Delete,
    DoNothing,
}

/// On whose behalf the engine acts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    pub account: String,
    pub arn: String,
    pub user_id: String,
}

impl Collection for StackRow {
    const NAME: &'static str = "stack";

    fn partition(&self) -> &str {
        &self.home
    }

    fn key(&self) -> String {
        self.id.clone()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.deleted_at.map(super::kept_until)
    }
}

/// The name of a stack that is not deleted: unique in its home.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StackNameRow {
    pub home: String,
    pub name: String,
    pub stack: String,
}

impl Collection for StackNameRow {
    const NAME: &'static str = "stack_name";

    fn partition(&self) -> &str {
        &self.home
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}
