//! Deletes a stack and, in the reverse of the order they were made, its resources.

use base::{AwsError, Caller};
use facts::{Empty, cloudformation::DeleteStackInput};

use super::{given, words};
use crate::{Stacks, lookup, start};

pub async fn run(stacks: &Stacks, caller: &Caller, input: DeleteStackInput) -> Result<Empty, AwsError> {
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let Some(found) = found else { return Ok(Empty {}) };
    let role_arn = input.role_arn.or(found.value.revision.role_arn);
    let wish = start::Deletion {
        retain: input.retain_resources.unwrap_or_default(),
        force: input.deletion_mode.as_deref() == Some("FORCE_DELETE_STACK"),
        client_token: input.client_request_token,
        principal: given::acting(stacks, caller, role_arn.as_deref()).await?,
        role_arn,
    };
    if let Some(stack) = start::delete(stacks.engine(), &input.stack_name, &wish).await? {
        stacks.drive(&stack.id);
    }
    Ok(Empty {})
}
