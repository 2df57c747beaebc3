//! Brings a stack to another template or other parameters.

use base::{AwsError, Caller};
use facts::cloudformation::{UpdateStackInput, UpdateStackOutput};

use super::{given, words};
use crate::{
    Stacks, lookup,
    plan::Request,
    rows::{OnFailure, Tag},
    stack_policy, start,
};

pub async fn run(
    stacks: &Stacks,
    caller: &Caller,
    input: UpdateStackInput,
) -> Result<UpdateStackOutput, AwsError> {
    given::no_triggers(input.rollback_configuration)?;
    if input.stack_policy_url.is_some() || input.stack_policy_during_update_url.is_some() {
        return Err(words::invalid("Stack policies by URL are not supported here: give the body"));
    }
    for policy in input.stack_policy_body.iter().chain(&input.stack_policy_during_update_body) {
        stack_policy::check(policy).map_err(words::invalid)?;
    }
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let Some(found) = found.map(|found| found.value) else {
        return Err(words::stack_not_there(&input.stack_name));
    };
    let before = found.revision;
    let text = given::template(stacks, caller, input.template_body, input.template_url).await?;
    let template = match (text, input.use_previous_template.unwrap_or(false)) {
        (Some(_), true) => {
            return Err(words::invalid(
                "Either UsePreviousTemplate or a template must be specified, not both",
            ));
        }
        (Some(text), false) => text,
        (None, true) => before.template.clone(),
        (None, false) => return Err(given::no_template()),
    };
    let tags: Vec<Tag> = match input.tags {
        Some(tags) => given::tags(tags)?,
        None => given::kept_tags(&before),
    };
    let role_arn = input.role_arn.or(before.role_arn);
    let wish = start::Wish {
        request: Request {
            template,
            parameters: given::parameters(input.parameters),
            tags,
            capabilities: input.capabilities.unwrap_or_default(),
            notification_arns: match input.notification_arns {
                Some(arns) => given::notifications(Some(arns)),
                None => before.notification_arns,
            },
            role_arn: role_arn.clone(),
            policy_during_update: input.stack_policy_during_update_body,
        },
        stack_name: input.stack_name,
        client_token: input.client_request_token,
        principal: given::acting(stacks, caller, role_arn.as_deref()).await?,
        on_failure: if input.disable_rollback == Some(true) {
            OnFailure::DoNothing
        } else {
            OnFailure::Rollback
        },
        timeout_minutes: None,
        termination_protection: false,
        policy: input.stack_policy_body,
        change_set: None,
    };
    let stack = start::update(stacks.engine(), &wish).await?.ok_or_else(words::no_updates)?;
    stacks.drive(&stack.id);
    Ok(UpdateStackOutput { stack_id: Some(stack.arn), ..UpdateStackOutput::default() })
}
