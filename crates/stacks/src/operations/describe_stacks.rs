//! One stack by name or ARN, or every stack that is not deleted.

use base::{AwsError, Caller};
use facts::cloudformation::{self as api, DescribeStacksInput, DescribeStacksOutput};
use store::Query;

use super::{given, words};
use crate::{
    Stacks, lookup,
    rows::{OnFailure, OperationKind, StackNameRow, StackRow, Tag},
};

const PAGE: usize = 100;

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: DescribeStacksInput,
) -> Result<DescribeStacksOutput, AwsError> {
    let engine = stacks.engine();
    if let Some(name) = input.stack_name {
        let found = lookup::stack(engine, &name).await.map_err(words::unavailable)?;
        let found = found.ok_or_else(|| words::no_stack_with_id(&name))?;
        return Ok(DescribeStacksOutput {
            stacks: Some(vec![told(&found.value)]),
            ..DescribeStacksOutput::default()
        });
    }
    let after = given::page(input.next_token)?;
    let query = Query::<StackNameRow>::in_partition(&engine.home()).limit(PAGE).after(after);
    let page = engine.store.query(query).await.map_err(|cause| words::unavailable(cause.into()))?;
    let mut told_stacks = Vec::with_capacity(page.rows.len());
    for name in &page.rows {
        if let Some(stack) = engine.stack(&name.value.stack).await.map_err(words::unavailable)? {
            told_stacks.push(told(&stack.value));
        }
    }
    Ok(DescribeStacksOutput { stacks: Some(told_stacks), next_token: page.next.map(|token| token.to_wire()) })
}

fn told(stack: &StackRow) -> api::Stack {
    let revision = &stack.revision;
    api::Stack {
        stack_id: Some(stack.arn.clone()),
        stack_name: stack.name.clone(),
        change_set_id: stack.change_set.clone(),
        description: revision.description.clone(),
        parameters: Some(parameters(stack)),
        creation_time: stack.created_at.epoch_seconds(),
        deletion_time: stack.deleted_at.map(|at| at.epoch_seconds()),
        last_updated_time: stack.updated_at.map(|at| at.epoch_seconds()),
        rollback_configuration: Some(api::RollbackConfiguration::default()),
        stack_status: stack.status.name().to_owned(),
        stack_status_reason: stack.reason.clone(),
        disable_rollback: Some(stack.operation.as_ref().is_some_and(|operation| {
            operation.on_failure == OnFailure::DoNothing && operation.kind != OperationKind::Delete
        })),
        notification_arns: Some(revision.notification_arns.clone()),
        capabilities: Some(revision.capabilities.clone()),
        outputs: Some(
            stack
                .outputs
                .iter()
                .map(|output| api::Output {
                    output_key: Some(output.key.clone()),
                    output_value: Some(output.value.clone()),
                    description: output.description.clone(),
                    export_name: output.export.clone(),
                })
                .collect(),
        ),
        role_arn: revision.role_arn.clone(),
        tags: Some(tags(&revision.tags)),
        enable_termination_protection: Some(stack.termination_protection),
        drift_information: Some(api::StackDriftInformation {
            stack_drift_status: String::from("NOT_CHECKED"),
            last_check_timestamp: None,
        }),
        ..api::Stack::default()
    }
}

pub fn parameters(stack: &StackRow) -> Vec<api::Parameter> {
    stack
        .revision
        .parameters
        .iter()
        .map(|parameter| api::Parameter {
            parameter_key: Some(parameter.name.clone()),
            parameter_value: Some(parameter.starred().to_owned()),
            ..api::Parameter::default()
        })
        .collect()
}

pub fn tags(tags: &[Tag]) -> Vec<api::Tag> {
    tags.iter().map(|tag| api::Tag { key: tag.key.clone(), value: tag.value.clone() }).collect()
}
