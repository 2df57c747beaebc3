//! What happened to a stack, newest first.

use base::{AwsError, Caller};
use facts::cloudformation::{self as api, DescribeStackEventsInput, DescribeStackEventsOutput};
use store::Query;

use super::{given, words};
use crate::{Stacks, lookup, rows::EventRow};

const PAGE: usize = 100;

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: DescribeStackEventsInput,
) -> Result<DescribeStackEventsOutput, AwsError> {
    let engine = stacks.engine();
    let found = lookup::stack(engine, &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::stack_not_there(&input.stack_name))?;
    let query = Query::<EventRow>::in_partition(&engine.home())
        .starts_with(format!("{}/", found.value.id))
        .limit(PAGE)
        .after(given::page(input.next_token)?);
    let page = engine.store.query(query).await.map_err(|cause| words::unavailable(cause.into()))?;
    Ok(DescribeStackEventsOutput {
        stack_events: Some(page.rows.into_iter().map(|row| told(row.value)).collect()),
        next_token: page.next.map(|token| token.to_wire()),
    })
}

fn told(event: EventRow) -> api::StackEvent {
    api::StackEvent {
        stack_id: event.stack_arn,
        event_id: event.event_id,
        stack_name: event.stack_name,
        logical_resource_id: Some(event.logical_id),
        physical_resource_id: Some(event.physical_id.unwrap_or_default()),
        resource_type: Some(event.resource_type),
        timestamp: event.at.epoch_seconds(),
        resource_status: Some(event.status),
        resource_status_reason: event.reason,
        resource_properties: event.properties,
        client_request_token: event.client_token,
        ..api::StackEvent::default()
    }
}
