//! Makes a stack of a template's resources.

use base::{AwsError, Caller};
use facts::cloudformation::{CreateStackInput, CreateStackOutput};

use super::{given, words};
use crate::{Stacks, plan::Request, rows::OnFailure, stack_policy, start};

pub async fn run(
    stacks: &Stacks,
    caller: &Caller,
    input: CreateStackInput,
) -> Result<CreateStackOutput, AwsError> {
    let on_failure = match (input.on_failure.as_deref(), input.disable_rollback) {
        (Some(_), Some(_)) => {
            return Err(words::invalid("You may only specify one of DisableRollback or OnFailure, not both"));
        }
        (Some("DELETE"), None) => OnFailure::Delete,
        (Some("DO_NOTHING"), None) | (None, Some(true)) => OnFailure::DoNothing,
        _ => OnFailure::Rollback,
    };
    given::new_name(&input.stack_name)?;
    given::no_triggers(input.rollback_configuration)?;
    if input.stack_policy_url.is_some() {
        return Err(words::invalid("StackPolicyURL is not supported here: give StackPolicyBody"));
    }
    if let Some(policy) = &input.stack_policy_body {
        stack_policy::check(policy).map_err(words::invalid)?;
    }
    let template = given::template(stacks, caller, input.template_body, input.template_url).await?;
    let wish = start::Wish {
        request: Request {
            template: template.ok_or_else(given::no_template)?,
            parameters: given::parameters(input.parameters),
            tags: given::tags(input.tags.unwrap_or_default())?,
            capabilities: input.capabilities.unwrap_or_default(),
            notification_arns: given::notifications(input.notification_arns),
            role_arn: input.role_arn.clone(),
            policy_during_update: None,
        },
        stack_name: input.stack_name,
        client_token: input.client_request_token,
        principal: given::acting(stacks, caller, input.role_arn.as_deref()).await?,
        on_failure,
        timeout_minutes: input.timeout_in_minutes,
        termination_protection: input.enable_termination_protection.unwrap_or(false),
        policy: input.stack_policy_body,
        change_set: None,
    };
    let stack = start::create(stacks.engine(), &wish).await?;
    stacks.drive(&stack.id);
    Ok(CreateStackOutput { stack_id: Some(stack.arn), ..CreateStackOutput::default() })
}
