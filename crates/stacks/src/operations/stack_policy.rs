//! A stack's policy, set and given back; updates are held to it (`crate::stack_policy`).

use base::{AwsError, Caller};
use facts::{
    Empty,
    cloudformation::{GetStackPolicyInput, GetStackPolicyOutput, SetStackPolicyInput},
};

use super::words;
use crate::{Stacks, lookup, stack_policy, stored};

pub async fn set(stacks: &Stacks, _caller: &Caller, input: SetStackPolicyInput) -> Result<Empty, AwsError> {
    let Some(body) = input.stack_policy_body else {
        return Err(words::invalid("StackPolicyBody is required; StackPolicyURL is not supported here"));
    };
    stack_policy::check(&body).map_err(words::invalid)?;
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::stack_not_there(&input.stack_name))?.value;
    stored::changed(stacks.engine(), &found.id, |stack| {
        stack.policy = Some(body.clone());
        Ok(())
    })
    .await?;
    Ok(Empty {})
}

pub async fn get(
    stacks: &Stacks,
    _caller: &Caller,
    input: GetStackPolicyInput,
) -> Result<GetStackPolicyOutput, AwsError> {
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::stack_not_there(&input.stack_name))?.value;
    Ok(GetStackPolicyOutput { stack_policy_body: found.policy })
}
