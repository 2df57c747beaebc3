//! One resource of a stack, or all of them; or the stack that a physical resource belongs to.

use base::{AwsError, Caller};
use facts::cloudformation::{
    self as api, DescribeStackResourceInput, DescribeStackResourceOutput, DescribeStackResourcesInput,
    DescribeStackResourcesOutput,
};
use store::Query;

use super::words;
use crate::{
    Stacks, lookup,
    rows::{ResourceRow, StackRow},
    template::{Node, Template},
};

/// As AWS: more are to be asked for with `ListStackResources`.
const MOST: usize = 100;

pub async fn one(
    stacks: &Stacks,
    _caller: &Caller,
    input: DescribeStackResourceInput,
) -> Result<DescribeStackResourceOutput, AwsError> {
    let found = lookup::stack(stacks.engine(), &input.stack_name).await.map_err(words::unavailable)?;
    let Some(found) = found else {
        return Err(words::invalid(format!("Stack '{}' does not exist", input.stack_name)));
    };
    let id = &input.logical_resource_id;
    let key = format!("{}/{id}", found.value.id);
    let row = stacks.engine().store.get::<ResourceRow>(&stacks.engine().home(), &key).await;
    let Some(row) = row.map_err(|cause| words::unavailable(cause.into()))? else {
        return Err(words::invalid(format!("Resource {id} does not exist for stack {}", found.value.name)));
    };
    let metadata = Template::parse(&found.value.revision.template)
        .ok()
        .and_then(|template| template.resource(id)?.metadata.as_ref().map(Node::to_value));
    let row = row.value;
    Ok(DescribeStackResourceOutput {
        stack_resource_detail: Some(api::StackResourceDetail {
            stack_name: Some(found.value.name),
            stack_id: Some(found.value.arn),
            physical_resource_id: row.physical_id().map(str::to_owned),
            logical_resource_id: row.logical_id,
            resource_type: row.resource_type,
            last_updated_timestamp: row.updated_at.epoch_seconds(),
            resource_status: row.status.name().to_owned(),
            resource_status_reason: row.reason,
            metadata: Some(metadata.map_or_else(|| String::from("{}"), |metadata| metadata.to_string())),
            ..api::StackResourceDetail::default()
        }),
    })
}

pub async fn all(
    stacks: &Stacks,
    _caller: &Caller,
    input: DescribeStackResourcesInput,
) -> Result<DescribeStackResourcesOutput, AwsError> {
    let stack = match (&input.stack_name, &input.physical_resource_id) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(words::invalid(
                "You must specify either StackName or PhysicalResourceId, but not both",
            ));
        }
        (Some(name), None) => lookup::stack(stacks.engine(), name)
            .await
            .map_err(words::unavailable)?
            .map(|found| found.value)
            .ok_or_else(|| words::no_stack_with_id(name))?,
        (None, Some(physical_id)) => owner(stacks, physical_id).await?,
    };
    let query =
        Query::<ResourceRow>::in_partition(&stack.home).starts_with(format!("{}/", stack.id)).limit(MOST);
    let page = stacks.engine().store.query(query).await.map_err(|cause| words::unavailable(cause.into()))?;
    let mut rows: Vec<ResourceRow> = page.rows.into_iter().map(|row| row.value).collect();
    rows.retain(|row| input.logical_resource_id.as_ref().is_none_or(|id| row.logical_id == *id));
    if rows.is_empty()
        && let Some(id) = &input.logical_resource_id
    {
        return Err(words::invalid(format!("Resource {id} does not exist for stack {}", stack.name)));
    }
    Ok(DescribeStackResourcesOutput {
        stack_resources: Some(rows.into_iter().map(|row| told(&stack, row)).collect()),
    })
}

fn told(stack: &StackRow, row: ResourceRow) -> api::StackResource {
    api::StackResource {
        stack_name: Some(stack.name.clone()),
        stack_id: Some(stack.arn.clone()),
        physical_resource_id: row.physical_id().map(str::to_owned),
        logical_resource_id: row.logical_id,
        resource_type: row.resource_type,
        timestamp: row.updated_at.epoch_seconds(),
        resource_status: row.status.name().to_owned(),
        resource_status_reason: row.reason,
        drift_information: Some(api::StackResourceDriftInformation {
            stack_resource_drift_status: String::from("NOT_CHECKED"),
            ..api::StackResourceDriftInformation::default()
        }),
        ..api::StackResource::default()
    }
}

async fn owner(stacks: &Stacks, physical_id: &str) -> Result<StackRow, AwsError> {
    let engine = stacks.engine();
    let all = engine.store.query_all(Query::<ResourceRow>::in_partition(&engine.home())).await;
    let all = all.map_err(|cause| words::unavailable(cause.into()))?;
    let row = all
        .into_iter()
        .find(|row| row.value.expires_at.is_none() && row.value.physical_id() == Some(physical_id));
    let stack = match row {
        Some(row) => engine.stack(&row.value.stack).await.map_err(words::unavailable)?,
        None => None,
    };
    stack
        .map(|stack| stack.value)
        .ok_or_else(|| words::invalid(format!("Stack for {physical_id} does not exist")))
}
