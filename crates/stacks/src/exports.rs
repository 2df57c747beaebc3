//! Exports: unique in an account and region, and fixed while another stack imports them.

use std::collections::BTreeSet;

use store::{Batch, Query, Versioned};

use crate::{
    engine::{Engine, Halt},
    rows::{ExportRow, OutputValue, StackRow},
};

/// The batch that makes the stack's exports what `outputs` say, or why it cannot be.
pub async fn replaced(
    engine: &Engine,
    stack: &StackRow,
    outputs: &[OutputValue],
) -> Result<Result<Batch, String>, Halt> {
    let existing = engine.store.query_all(Query::<ExportRow>::in_partition(&stack.home)).await?;
    let mut batch = Batch::new();
    let mut named = BTreeSet::new();
    for output in outputs {
        let Some(name) = &output.export else { continue };
        if !named.insert(name.clone()) {
            return Ok(Err(format!(
                "Template format error: Output {} is malformed. Duplicate Export names.",
                output.key
            )));
        }
        let row = ExportRow {
            home: stack.home.clone(),
            name: name.clone(),
            value: output.value.clone(),
            stack: stack.id.clone(),
            stack_arn: stack.arn.clone(),
            stack_name: stack.name.clone(),
            importers: BTreeSet::new(),
        };
        match existing.iter().find(|known| known.value.name == *name) {
            None => batch = batch.insert(&row),
            Some(known) if known.value.stack != stack.id => {
                return Ok(Err(format!(
                    "Export with name {name} is already exported by stack {}. ",
                    known.value.stack_name
                )));
            }
            Some(known) if known.value.value == output.value => {}
            Some(known) if !known.value.importers.is_empty() => {
                return Ok(Err(in_use(&known.value, "updated")));
            }
            Some(known) => batch = batch.replace(known, &row),
        }
    }
    for known in
        existing.iter().filter(|known| known.value.stack == stack.id && !named.contains(&known.value.name))
    {
        if !known.value.importers.is_empty() {
            return Ok(Err(in_use(&known.value, "deleted")));
        }
        batch = batch.spend(known);
    }
    Ok(Ok(batch))
}

/// Takes all of a stack's exports away, or says which is in use.
pub async fn withdrawn(engine: &Engine, stack: &StackRow) -> Result<Result<Batch, String>, Halt> {
    replaced(engine, stack, &[]).await
}

/// Notes that the stack imports these from now on. An export that went meanwhile is the reason it cannot.
pub async fn claimed(
    engine: &Engine,
    stack_name: &str,
    names: &[String],
) -> Result<Result<Batch, String>, Halt> {
    let mut batch = Batch::new();
    for name in names {
        let Some(known) = export(engine, name).await? else {
            return Ok(Err(format!("No export named {name} found.")));
        };
        let mut row = known.value.clone();
        // Written even where nothing changes: whoever takes the export away at this moment must notice.
        row.importers.insert(stack_name.to_owned());
        batch = batch.replace(&known, &row);
    }
    Ok(Ok(batch))
}

/// Notes that the stack imports these no more.
pub async fn released(engine: &Engine, stack_name: &str, names: &[String]) -> Result<Batch, Halt> {
    let mut batch = Batch::new();
    for name in names {
        if let Some(known) = export(engine, name).await? {
            let mut row = known.value.clone();
            if row.importers.remove(stack_name) {
                batch = batch.replace(&known, &row);
            }
        }
    }
    Ok(batch)
}

async fn export(engine: &Engine, name: &str) -> Result<Option<Versioned<ExportRow>>, Halt> {
    Ok(engine.store.get::<ExportRow>(&engine.home(), name).await?)
}

fn in_use(export: &ExportRow, what: &str) -> String {
    let importers: Vec<&str> = export.importers.iter().map(String::as_str).collect();
    format!("Export {} cannot be {what} as it is in use by {}", export.name, importers.join(", "))
}
