//! What a change set would do; and which there are.

use base::{AwsError, Caller};
use facts::Wire;
use facts::cloudformation::{
    self as api, DescribeChangeSetInput, DescribeChangeSetOutput, ListChangeSetsInput, ListChangeSetsOutput,
};
use serde_json::Value;
use store::Versioned;

use super::{describe_stacks, given, words};
use crate::{
    Stacks, change_sets, lookup,
    rows::{ChangeSetRow, ChangeSetStatus, ExecutionStatus},
};

const PAGE: usize = 100;

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: DescribeChangeSetInput,
) -> Result<DescribeChangeSetOutput, AwsError> {
    let row = find(stacks, &input.change_set_name, input.stack_name.as_deref()).await?.value;
    let from: usize = match given::page(input.next_token)? {
        Some(token) => token.0.parse().map_err(|_| words::invalid("Invalid NextToken"))?,
        None => 0,
    };
    let changes: Vec<api::Change> = row
        .changes
        .iter()
        .skip(from)
        .take(PAGE)
        .filter_map(|change| api::Change::read(change.clone()).ok())
        .collect();
    let more = row.changes.len() > from + PAGE;
    Ok(DescribeChangeSetOutput {
        parameters: Some(
            row.revision
                .parameters
                .iter()
                .map(|parameter| api::Parameter {
                    parameter_key: Some(parameter.name.clone()),
                    parameter_value: Some(parameter.starred().to_owned()),
                    ..api::Parameter::default()
                })
                .collect(),
        ),
        change_set_name: Some(row.name),
        change_set_id: Some(row.arn),
        stack_id: Some(row.stack_arn),
        stack_name: Some(row.stack_name),
        description: row.description,
        creation_time: Some(row.created_at.epoch_seconds()),
        execution_status: Some(execution(row.execution)),
        status: Some(status(row.status)),
        status_reason: row.reason,
        notification_arns: Some(row.revision.notification_arns),
        rollback_configuration: Some(api::RollbackConfiguration::default()),
        capabilities: Some(row.revision.capabilities),
        tags: Some(describe_stacks::tags(&row.revision.tags)),
        changes: Some(changes),
        next_token: more.then(|| base::PageToken((from + PAGE).to_string()).to_wire()),
        include_nested_stacks: Some(false),
        ..DescribeChangeSetOutput::default()
    })
}

pub async fn list(
    stacks: &Stacks,
    _caller: &Caller,
    input: ListChangeSetsInput,
) -> Result<ListChangeSetsOutput, AwsError> {
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::stack_not_there(&input.stack_name))?.value;
    let rows = change_sets::of(stacks.engine(), &found.id).await.map_err(words::unavailable)?;
    let summaries = rows
        .into_iter()
        .map(|row| row.value)
        .map(|row| api::ChangeSetSummary {
            stack_id: Some(row.stack_arn),
            stack_name: Some(row.stack_name),
            change_set_id: Some(row.arn),
            change_set_name: Some(row.name),
            execution_status: Some(execution(row.execution)),
            status: Some(status(row.status)),
            status_reason: row.reason,
            creation_time: Some(row.created_at.epoch_seconds()),
            description: row.description,
            ..api::ChangeSetSummary::default()
        })
        .collect();
    Ok(ListChangeSetsOutput { summaries: Some(summaries), next_token: None })
}

/// By ARN, or by name and stack.
pub async fn find(
    stacks: &Stacks,
    name: &str,
    stack: Option<&str>,
) -> Result<Versioned<ChangeSetRow>, AwsError> {
    let engine = stacks.engine();
    let found = if name.starts_with("arn:") {
        change_sets::by_arn(engine, name).await.map_err(words::unavailable)?
    } else {
        let Some(stack) = stack else {
            return Err(words::invalid(
                "StackName must be specified if ChangeSetName is not specified as an ARN.",
            ));
        };
        let found = lookup::stack(engine, stack).await.map_err(words::unavailable)?;
        let found = found.ok_or_else(|| words::stack_not_there(stack))?;
        change_sets::by_name(engine, &found.value.id, name).await.map_err(words::unavailable)?
    };
    found.ok_or_else(|| words::no_change_set(name))
}

fn status(status: ChangeSetStatus) -> String {
    name(serde_json::to_value(status))
}

fn execution(execution: ExecutionStatus) -> String {
    name(serde_json::to_value(execution))
}

fn name(value: Result<Value, serde_json::Error>) -> String {
    value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
