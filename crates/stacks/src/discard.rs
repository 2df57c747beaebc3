//! The discarding phase: what is condemned is deleted, against the arrows of its dependencies.

use std::collections::BTreeSet;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use crate::{
    attempt::{self, Call, Outcome},
    engine::Halt,
    exports,
    rows::{
        Operation, OperationKind, Progress, ResourceRow, ResourceStatus, StackNameRow, StackRow, StackStatus,
        kept_until,
    },
    run::{Run, Step},
    transition,
};

type Working = FuturesUnordered<BoxFuture<'static, Result<(String, Outcome), Halt>>>;

pub async fn discard(run: &mut Run) -> Result<(), Halt> {
    // After an update, what cannot be deleted is left behind; a stack that goes waits for it to be dealt with.
    let lenient = matches!(
        run.stack.status,
        StackStatus::UpdateCompleteCleanupInProgress | StackStatus::UpdateRollbackCompleteCleanupInProgress
    );
    let mut calls: Working = FuturesUnordered::new();
    let mut working = BTreeSet::new();
    loop {
        let room = run.engine.config.parallel.saturating_sub(calls.len());
        let ready: Vec<String> = ready(run, &working, lenient).into_iter().take(room).collect();
        begin(run, &ready).await?;
        for id in ready {
            if let Some(call) = started(run, &id) {
                working.insert(id);
                calls.push(call);
            }
        }
        let Some(first) = calls.next().await else { break };
        let mut outcomes = vec![first?];
        while let Some(Some(more)) = calls.next().now_or_never() {
            outcomes.push(more?);
        }
        let mut step = Step::default();
        for (id, outcome) in outcomes {
            working.remove(&id);
            record(run, &id, outcome, lenient, &mut step);
        }
        run.commit(step).await?;
    }
    finish(run).await
}

/// What may be deleted now: nothing that is still to be deleted was made after it.
fn ready(run: &Run, working: &BTreeSet<String>, lenient: bool) -> Vec<String> {
    let standing: Vec<&ResourceRow> = run.rows.values().filter(|row| !row.doomed.is_empty()).collect();
    let waits_for = |id: &str| {
        standing.iter().any(|other| {
            let blocks = !lenient || !has_failed(other);
            blocks
                && other.logical_id != id
                && other.doomed.iter().any(|doomed| doomed.dependencies.iter().any(|needed| needed == id))
        })
    };
    let candidates: Vec<String> = standing
        .iter()
        .filter(|row| !has_failed(row) && !working.contains(&row.logical_id))
        .map(|row| row.logical_id.clone())
        .collect();
    let free: Vec<String> = candidates.iter().filter(|id| !waits_for(id)).cloned().collect();
    let blocked_for_good = standing.iter().any(|row| has_failed(row)) && !lenient;
    if free.is_empty() && working.is_empty() && !blocked_for_good {
        // Instances of two revisions can need one another; then no order is better than another.
        return candidates;
    }
    free
}

fn has_failed(row: &ResourceRow) -> bool {
    row.mark.as_ref().is_some_and(|mark| mark.progress == Progress::Failed)
}

async fn begin(run: &mut Run, ids: &[String]) -> Result<(), Halt> {
    let mut step = Step::default();
    for id in ids {
        let Some(mut row) = run.rows.get(id).cloned() else { continue };
        let Some(instance) = row.doomed.first().cloned() else { continue };
        let Some(mark) = row.mark.as_mut().filter(|mark| mark.progress == Progress::Waiting) else {
            continue;
        };
        mark.progress = Progress::Working;
        let (status, now) = (ResourceStatus::DeleteInProgress, run.engine.clock.now());
        if row.live.is_none() {
            row.set(status, None, now);
        }
        step.events.push(run.clock.told(&run.engine, &run.stack, &row, Some(&instance), status, None));
        step.rows.push(row);
    }
    run.commit(step).await
}

fn started(run: &Run, id: &str) -> Option<BoxFuture<'static, Result<(String, Outcome), Halt>>> {
    let instance = run.rows.get(id)?.doomed.first()?;
    let context = attempt::context(&run.engine, &run.stack, id, instance, true);
    let call = Call::Delete {
        physical_id: instance.physical_id.clone().unwrap_or_default(),
        properties: instance.properties.value.clone(),
    };
    let call = attempt::call(run.engine.clone(), context, instance.resource_type.clone(), call);
    let id = id.to_owned();
    Some(Box::pin(async move { Ok((id, call.await?)) }))
}

fn record(run: &mut Run, id: &str, outcome: Outcome, lenient: bool, step: &mut Step) {
    let Some(mut row) = run.rows.get(id).cloned() else { return };
    if row.doomed.is_empty() {
        return;
    }
    let now = run.engine.clock.now();
    let (status, reason, gone) = match outcome {
        Ok(_) => (ResourceStatus::DeleteComplete, None, true),
        Err(failure) => {
            let token = row.doomed.first().map(|instance| instance.token.clone()).unwrap_or_default();
            (ResourceStatus::DeleteFailed, Some(failure.reason(&token)), lenient)
        }
    };
    let instance = row.doomed.first().cloned();
    if gone {
        row.doomed.remove(0);
    }
    if row.live.is_none() {
        row.set(status, reason.clone(), now);
    }
    if let Some(mark) = &mut row.mark {
        mark.progress = match (gone, row.doomed.is_empty()) {
            (true, true) => Progress::Done,
            (true, false) => Progress::Waiting,
            (false, _) => Progress::Failed,
        };
    }
    step.events.push(run.clock.told(&run.engine, &run.stack, &row, instance.as_ref(), status, reason));
    step.rows.push(row);
}

async fn finish(run: &mut Run) -> Result<(), Halt> {
    let operation = run.operation()?.clone();
    let mut stack = StackRow { reason: None, ..run.stack.clone() };
    let mut step = Step::default();
    let mut failed: Vec<String> =
        run.rows.values().filter(|row| has_failed(row)).map(|row| row.logical_id.clone()).collect();
    if operation.force && stack.status == StackStatus::DeleteInProgress {
        leave_behind(run, &mut step);
        failed.clear();
    }
    let why = (!failed.is_empty())
        .then(|| format!("The following resource(s) failed to delete: [{}]. ", failed.join(", ")));
    match stack.status {
        StackStatus::UpdateCompleteCleanupInProgress => {
            stack.status = StackStatus::UpdateComplete;
            forget(run, &mut step);
        }
        StackStatus::UpdateRollbackCompleteCleanupInProgress => {
            stack.status = StackStatus::UpdateRollbackComplete;
            forget(run, &mut step);
        }
        StackStatus::RollbackInProgress => {
            stack.status =
                if why.is_some() { StackStatus::RollbackFailed } else { StackStatus::RollbackComplete };
            step.also = exports::released(&run.engine, &stack.name, &stack.revision.imports).await?;
        }
        _ if why.is_some() => stack.status = StackStatus::DeleteFailed,
        _ => deleted(run, &mut stack, &operation, &mut step).await?,
    }
    stack.reason = why;
    transition::to(run, stack, step).await
}

/// Rows of what an update removed go with it.
fn forget(run: &Run, step: &mut Step) {
    for row in run.rows.values() {
        if row.live.is_none() {
            step.gone.push(row.logical_id.clone());
        } else if row.mark.is_some() {
            step.rows.push(ResourceRow { mark: None, ..row.clone() });
        }
    }
}

fn leave_behind(run: &mut Run, step: &mut Step) {
    for mut row in run.rows.values().filter(|row| !row.doomed.is_empty()).cloned().collect::<Vec<_>>() {
        for instance in std::mem::take(&mut row.doomed) {
            let event = run.clock.told(
                &run.engine,
                &run.stack,
                &row,
                Some(&instance),
                ResourceStatus::DeleteSkipped,
                None,
            );
            step.events.push(event);
        }
        row.set(ResourceStatus::DeleteSkipped, None, run.engine.clock.now());
        step.rows.push(row);
    }
}

/// The stack is gone: its name and what it imported are free, and its rows stay to be looked at for a while.
async fn deleted(
    run: &mut Run,
    stack: &mut StackRow,
    operation: &Operation,
    step: &mut Step,
) -> Result<(), Halt> {
    let now = run.engine.clock.now();
    stack.status = StackStatus::DeleteComplete;
    stack.deleted_at = Some(now);
    if operation.kind == OperationKind::Delete {
        stack.outputs.clear();
    }
    let mut also = exports::released(&run.engine, &stack.name, &stack.revision.imports).await?;
    also = also.delete::<StackNameRow>(&stack.home, &stack.name);
    for change_set in crate::change_sets::of(&run.engine, &stack.id).await? {
        also = also.spend(&change_set);
    }
    step.also = also;
    let written: BTreeSet<String> = step.rows.iter().map(|row| row.logical_id.clone()).collect();
    for row in step.rows.iter_mut() {
        row.expires_at = Some(kept_until(now));
    }
    for row in run.rows.values().filter(|row| !written.contains(&row.logical_id)) {
        step.rows.push(ResourceRow { mark: None, expires_at: Some(kept_until(now)), ..row.clone() });
    }
    Ok(())
}
