//! Every stack, those deleted within the last 90 days included.

use base::{AwsError, Caller};
use facts::cloudformation::{self as api, ListStacksInput, ListStacksOutput};
use store::Query;

use super::{given, words};
use crate::{Stacks, rows::StackRow};

const PAGE: usize = 100;

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: ListStacksInput,
) -> Result<ListStacksOutput, AwsError> {
    let engine = stacks.engine();
    let wanted = input.stack_status_filter.unwrap_or_default();
    let query =
        Query::<StackRow>::in_partition(&engine.home()).limit(PAGE).after(given::page(input.next_token)?);
    let page = engine.store.query(query).await.map_err(|cause| words::unavailable(cause.into()))?;
    let summaries = page
        .rows
        .into_iter()
        .map(|row| row.value)
        .filter(|stack| wanted.is_empty() || wanted.iter().any(|status| status == stack.status.name()))
        .map(told)
        .collect();
    Ok(ListStacksOutput {
        stack_summaries: Some(summaries),
        next_token: page.next.map(|token| token.to_wire()),
    })
}

fn told(stack: StackRow) -> api::StackSummary {
    api::StackSummary {
        stack_id: Some(stack.arn),
        stack_name: stack.name,
        template_description: stack.revision.description,
        creation_time: stack.created_at.epoch_seconds(),
        last_updated_time: stack.updated_at.map(|at| at.epoch_seconds()),
        deletion_time: stack.deleted_at.map(|at| at.epoch_seconds()),
        stack_status: stack.status.name().to_owned(),
        stack_status_reason: stack.reason,
        drift_information: Some(api::StackDriftInformationSummary {
            stack_drift_status: String::from("NOT_CHECKED"),
            last_check_timestamp: None,
        }),
        ..api::StackSummary::default()
    }
}
