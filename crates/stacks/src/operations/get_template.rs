//! The template of a stack or of a change set, as it was given.

use base::{AwsError, Caller};
use facts::cloudformation::{GetTemplateInput, GetTemplateOutput};

use super::{describe_change_set, words};
use crate::{Stacks, lookup};

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: GetTemplateInput,
) -> Result<GetTemplateOutput, AwsError> {
    let template = match (input.change_set_name, input.stack_name) {
        (Some(change_set), stack) => {
            describe_change_set::find(stacks, &change_set, stack.as_deref()).await?.value.revision.template
        }
        (None, Some(name)) => {
            let found = lookup::stack(stacks.engine(), &name).await.map_err(words::unavailable)?;
            found.ok_or_else(|| words::no_stack_with_id(&name))?.value.revision.template
        }
        (None, None) => return Err(words::invalid("StackName is required")),
    };
    Ok(GetTemplateOutput {
        template_body: Some(template),
        stages_available: Some(vec![String::from("Original"), String::from("Processed")]),
    })
}
