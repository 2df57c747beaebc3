//! Whether a stack may be deleted.

use base::{AwsError, Caller};
use facts::cloudformation::{UpdateTerminationProtectionInput, UpdateTerminationProtectionOutput};

use super::words;
use crate::{Stacks, lookup, stored};

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: UpdateTerminationProtectionInput,
) -> Result<UpdateTerminationProtectionOutput, AwsError> {
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::stack_not_there(&input.stack_name))?.value;
    stored::changed(stacks.engine(), &found.id, |stack| {
        stack.termination_protection = input.enable_termination_protection;
        Ok(())
    })
    .await?;
    Ok(UpdateTerminationProtectionOutput { stack_id: Some(found.arn) })
}
