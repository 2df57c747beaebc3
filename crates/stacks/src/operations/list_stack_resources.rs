//! A stack's resources, page by page.

use base::{AwsError, Caller};
use facts::cloudformation::{self as api, ListStackResourcesInput, ListStackResourcesOutput};
use store::Query;

use super::{given, words};
use crate::{Stacks, lookup, rows::ResourceRow};

const PAGE: usize = 100;

pub async fn run(
    stacks: &Stacks,
    _caller: &Caller,
    input: ListStackResourcesInput,
) -> Result<ListStackResourcesOutput, AwsError> {
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::no_stack_with_id(&input.stack_name))?.value;
    let query = Query::<ResourceRow>::in_partition(&found.home)
        .starts_with(format!("{}/", found.id))
        .limit(PAGE)
        .after(given::page(input.next_token)?);
    let page = stacks.engine().store.query(query).await.map_err(|cause| words::unavailable(cause.into()))?;
    Ok(ListStackResourcesOutput {
        stack_resource_summaries: Some(page.rows.into_iter().map(|row| told(row.value)).collect()),
        next_token: page.next.map(|token| token.to_wire()),
    })
}

fn told(row: ResourceRow) -> api::StackResourceSummary {
    api::StackResourceSummary {
        physical_resource_id: row.physical_id().map(str::to_owned),
        logical_resource_id: row.logical_id,
        resource_type: row.resource_type,
        last_updated_timestamp: row.updated_at.epoch_seconds(),
        resource_status: row.status.name().to_owned(),
        resource_status_reason: row.reason,
        drift_information: Some(api::StackResourceDriftInformationSummary {
            stack_resource_drift_status: String::from("NOT_CHECKED"),
            ..api::StackResourceDriftInformationSummary::default()
        }),
        ..api::StackResourceSummary::default()
    }
}
