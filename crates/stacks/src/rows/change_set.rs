//! A change to a stack, looked at before it is made.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{Collection, IndexEntry};

use super::{OnFailure, OperationKind, Revision};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeSetRow {
    pub home: String,
    pub stack: String,
    pub stack_arn: String,
    pub stack_name: String,
    pub name: String,
    pub arn: String,
    pub description: Option<String>,
    pub created_at: Timestamp,
    pub kind: OperationKind,
    pub status: ChangeSetStatus,
    pub reason: Option<String>,
    pub execution: ExecutionStatus,
    pub on_failure: OnFailure,
    pub revision: Revision,
    /// `Change` structures, as answered.
    pub changes: Vec<Value>,
    pub client_token: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChangeSetStatus {
    CreateComplete,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ExecutionStatus {
    Available,
    Unavailable,
    ExecuteInProgress,
    ExecuteComplete,
    ExecuteFailed,
    Obsolete,
}

impl Collection for ChangeSetRow {
    const NAME: &'static str = "stack_change_set";

    fn partition(&self) -> &str {
        &self.home
    }

    fn key(&self) -> String {
        format!("{}/{}", self.stack, self.name)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new("by_arn", self.arn.clone())]
    }
}
