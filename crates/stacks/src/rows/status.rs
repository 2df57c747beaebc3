//! The states a stack and a resource can be in, as AWS names them.

use serde::{Deserialize, Serialize};

/// AWS CloudFormation User Guide, "Understand stack creation events", `StackStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StackStatus {
    ReviewInProgress,
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    RollbackInProgress,
    RollbackFailed,
    RollbackComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    UpdateInProgress,
    UpdateFailed,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateRollbackInProgress,
    UpdateRollbackFailed,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
}

/// What the driver has to do in a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Bring the resources to the template.
    Forward,
    /// Bring back the properties from before the update.
    Restore,
    /// Delete what is not wanted any more.
    Discard,
    Rest,
}

impl StackStatus {
    pub fn phase(self) -> Phase {
        match self {
            Self::CreateInProgress | Self::UpdateInProgress => Phase::Forward,
            Self::UpdateRollbackInProgress => Phase::Restore,
            Self::RollbackInProgress
            | Self::DeleteInProgress
            | Self::UpdateCompleteCleanupInProgress
            | Self::UpdateRollbackCompleteCleanupInProgress => Phase::Discard,
            _ => Phase::Rest,
        }
    }

    /// Whether a stack in this state takes an update.
    pub fn takes_update(self) -> bool {
        matches!(
            self,
            Self::CreateComplete | Self::UpdateComplete | Self::UpdateRollbackComplete | Self::UpdateFailed
        )
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::ReviewInProgress => "REVIEW_IN_PROGRESS",
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateFailed => "CREATE_FAILED",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::UpdateCompleteCleanupInProgress => "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
            Self::UpdateRollbackCompleteCleanupInProgress => "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResourceStatus {
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    DeleteSkipped,
    UpdateInProgress,
    UpdateFailed,
    UpdateComplete,
}

impl ResourceStatus {
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateFailed => "CREATE_FAILED",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
            Self::DeleteFailed => "DELETE_FAILED",
            Self::DeleteComplete => "DELETE_COMPLETE",
            Self::DeleteSkipped => "DELETE_SKIPPED",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateFailed => "UPDATE_FAILED",
            Self::UpdateComplete => "UPDATE_COMPLETE",
        }
    }
}
