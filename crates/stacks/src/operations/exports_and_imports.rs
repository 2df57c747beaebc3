//! What stacks export, and who imports it.

use base::{AwsError, Caller};
use facts::cloudformation::{
    Export, ListExportsInput, ListExportsOutput, ListImportsInput, ListImportsOutput,
};
use store::Query;

use super::{given, words};
use crate::{Stacks, rows::ExportRow};

const PAGE: usize = 100;

pub async fn exports(
    stacks: &Stacks,
    _caller: &Caller,
    input: ListExportsInput,
) -> Result<ListExportsOutput, AwsError> {
    let engine = stacks.engine();
    let query =
        Query::<ExportRow>::in_partition(&engine.home()).limit(PAGE).after(given::page(input.next_token)?);
    let page = engine.store.query(query).await.map_err(|cause| words::unavailable(cause.into()))?;
    let exports = page
        .rows
        .into_iter()
        .map(|row| Export {
            exporting_stack_id: Some(row.value.stack_arn),
            name: Some(row.value.name),
            value: Some(row.value.value),
        })
        .collect();
    Ok(ListExportsOutput { exports: Some(exports), next_token: page.next.map(|token| token.to_wire()) })
}

pub async fn imports(
    stacks: &Stacks,
    _caller: &Caller,
    input: ListImportsInput,
) -> Result<ListImportsOutput, AwsError> {
    let engine = stacks.engine();
    let row = engine.store.get::<ExportRow>(&engine.home(), &input.export_name).await;
    let row = row.map_err(|cause| words::unavailable(cause.into()))?;
    let importers: Vec<String> = row.map(|row| row.value.importers.into_iter().collect()).unwrap_or_default();
    if importers.is_empty() {
        return Err(words::invalid(format!("Export '{}' is not imported by any stack.", input.export_name)));
    }
    Ok(ListImportsOutput { imports: Some(importers), next_token: None })
}
