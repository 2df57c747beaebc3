//! What the store holds of stacks. Everything of one account and region lies in one partition (its *home*): exports are
//! unique there, and a commit spans a stack, its resources, its events and the exports it makes or uses.

mod change_set;
mod event;
mod export;
mod resource;
mod stack;
mod status;

pub use change_set::{ChangeSetRow, ChangeSetStatus, ExecutionStatus};
pub use event::EventRow;
pub use export::ExportRow;
pub use resource::{Attribute, Instance, Mark, Progress, Properties, ResourceRow, Undo, Work};
pub use stack::{
    OnFailure, Operation, OperationKind, OutputValue, Principal, Revision, StackNameRow, StackRow, Tag,
};
pub use status::{Phase, ResourceStatus, StackStatus};

/// How long AWS lets one look at a stack that is gone, and at events.
pub const KEPT_FOR_DAYS: i64 = 90;

pub fn kept_until(from: base::Timestamp) -> base::Timestamp {
    from.plus_seconds(KEPT_FOR_DAYS * 24 * 60 * 60)
}
