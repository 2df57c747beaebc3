//! Refusals in CloudFormation's words.

use base::AwsError;

use crate::{engine::Halt, rows::StackRow};

pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::client("ValidationError", message)
}

pub fn already_exists(name: &str) -> AwsError {
    AwsError::client("AlreadyExistsException", format!("Stack [{name}] already exists"))
}

/// As operations that change a stack say it.
pub fn stack_not_there(name: &str) -> AwsError {
    invalid(format!("Stack [{name}] does not exist"))
}

/// As operations that look at a stack say it.
pub fn no_stack_with_id(name: &str) -> AwsError {
    invalid(format!("Stack with id {name} does not exist"))
}

pub fn cannot_be_updated(stack: &StackRow) -> AwsError {
    invalid(format!("Stack:{} is in {} state and can not be updated.", stack.arn, stack.status.name()))
}

pub fn cannot_be_deleted(stack: &StackRow) -> AwsError {
    invalid(format!("Stack [{}] cannot be deleted while in status {}", stack.arn, stack.status.name()))
}

pub fn protected(name: &str) -> AwsError {
    invalid(format!("Stack [{name}] cannot be deleted while TerminationProtection is enabled"))
}

pub fn no_updates() -> AwsError {
    invalid("No updates are to be performed.")
}

pub fn no_change_set(name: &str) -> AwsError {
    AwsError::with_status(404, "ChangeSetNotFound", format!("ChangeSet [{name}] does not exist"))
}

pub fn access_denied(message: impl Into<String>) -> AwsError {
    AwsError::with_status(403, "AccessDenied", message)
}

/// Too many wrote at once.
pub fn busy() -> AwsError {
    AwsError::client("Throttling", "Rate exceeded")
}

pub fn unavailable(halt: Halt) -> AwsError {
    match halt {
        Halt::Conflict => busy(),
        Halt::Store(cause) => {
            tracing::warn!(%cause, "the store did not answer");
            AwsError::with_status(
                503,
                "ServiceUnavailable",
                "Service is unavailable. Please try again later.",
            )
        }
        Halt::Stopped | Halt::Unreadable(_) => {
            tracing::error!(%halt, "a stack could not be read or written");
            AwsError::with_status(500, "InternalFailure", "An internal error occurred.")
        }
    }
}
