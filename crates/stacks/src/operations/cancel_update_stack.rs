//! Asks an update that is under way to turn back.

use base::{AwsError, Caller};
use facts::{Empty, cloudformation::CancelUpdateStackInput};

use super::words;
use crate::{Stacks, lookup, rows::StackStatus, stored};

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: CancelUpdateStackInput,
) -> Result<Empty, AwsError> {
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::stack_not_there(&input.stack_name))?.value;
    stored::changed(stacks.engine(), &found.id, |stack| {
        let status = stack.status;
        match (&mut stack.operation, status) {
            (Some(operation), StackStatus::UpdateInProgress) => operation.cancel = true,
            _ => return Err(words::invalid("CancelUpdateStack cannot be called from current stack status")),
        }
        Ok(())
    })
    .await?;
    Ok(Empty {})
}
