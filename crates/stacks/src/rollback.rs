//! The way back from an update: what was changed gets its properties back, what was replaced is live again, what was
//! made is condemned. Only what the rows remember is used, not the earlier template.

use std::collections::BTreeSet;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use crate::{
    attempt::{self, Call, Outcome, settled},
    condemned::Condemned,
    engine::Halt,
    exports,
    rows::{Instance, Mark, Progress, ResourceRow, ResourceStatus, StackRow, StackStatus, Undo, Work},
    run::{Run, Step},
    transition,
};

type Working = FuturesUnordered<BoxFuture<'static, Result<(String, Outcome), Halt>>>;

/// Turns round. What needs no call is done at once.
pub async fn begin(run: &mut Run, reason: String) -> Result<(), Halt> {
    let stack =
        StackRow { status: StackStatus::UpdateRollbackInProgress, reason: Some(reason), ..run.stack.clone() };
    let transaction = run.operation()?.transaction.clone();
    let mut step = Step::default();
    step.events.push(run.stack_event(&stack));
    for mut row in run.rows.values().cloned().collect::<Vec<ResourceRow>>() {
        let Some(mark) = row.mark.take().filter(|mark| mark.transaction == transaction) else { continue };
        let (undo, progress) = match mark.undo {
            Some(Undo::Swap { revert }) => {
                row.doomed.extend(row.live.take());
                row.live = row.former.take();
                tell(run, &mut row, ResourceStatus::UpdateInProgress, None, &mut step);
                match revert {
                    Some((to, tags)) => (Some(Undo::Revert { to, tags }), Progress::Waiting),
                    None => {
                        tell(run, &mut row, ResourceStatus::UpdateComplete, None, &mut step);
                        (None, Progress::Done)
                    }
                }
            }
            Some(undo @ Undo::Revert { .. }) => (Some(undo), Progress::Waiting),
            None if row.live.is_some() => {
                tell(run, &mut row, ResourceStatus::UpdateComplete, None, &mut step);
                (None, Progress::Done)
            }
            other => (other, Progress::Done),
        };
        row.mark = Some(Mark { transaction: mark.transaction, progress, work: None, undo });
        step.rows.push(row);
    }
    step.stack = Some(stack);
    run.commit(step).await
}

pub async fn restore(run: &mut Run) -> Result<(), Halt> {
    let mut calls: Working = FuturesUnordered::new();
    let mut working = BTreeSet::new();
    loop {
        let room = run.engine.config.parallel.saturating_sub(calls.len());
        let ready: Vec<String> = ready(run, &working)?.into_iter().take(room).collect();
        set_out(run, &ready).await?;
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
            record(run, &id, outcome, &mut step);
        }
        run.commit(step).await?;
    }
    finish(run).await
}

/// Whose turn it is: all that it was made after has been restored.
fn ready(run: &Run, working: &BTreeSet<String>) -> Result<Vec<String>, Halt> {
    let transaction = &run.operation()?.transaction;
    let waiting: BTreeSet<&str> = run
        .rows
        .values()
        .filter(|row| matches!(row.progress(transaction), Some(Progress::Waiting | Progress::Working)))
        .map(|row| row.logical_id.as_str())
        .collect();
    let startable: Vec<&str> = waiting.iter().copied().filter(|id| !working.contains(*id)).collect();
    let free: Vec<String> = startable
        .iter()
        .filter(|id| {
            let live = run.rows.get(**id).and_then(|row| row.live.as_ref());
            live.is_none_or(|live| !live.dependencies.iter().any(|needed| waiting.contains(needed.as_str())))
        })
        .map(|id| (*id).to_owned())
        .collect();
    if free.is_empty() && working.is_empty() {
        // Dependencies of two revisions can run in a circle; then no order is better than another.
        return Ok(startable.into_iter().map(str::to_owned).collect());
    }
    Ok(free)
}

async fn set_out(run: &mut Run, ids: &[String]) -> Result<(), Halt> {
    let mut step = Step::default();
    for id in ids {
        let Some(mut row) = run.rows.get(id).cloned() else { continue };
        let Some(mark) = row.mark.as_mut().filter(|mark| mark.progress == Progress::Waiting) else {
            continue;
        };
        if let Some(Undo::Revert { to, tags }) = &mark.undo {
            mark.work = Some(Work::Update { to: to.clone(), tags: tags.clone() });
        }
        mark.progress = Progress::Working;
        tell(run, &mut row, ResourceStatus::UpdateInProgress, None, &mut step);
        step.rows.push(row);
    }
    run.commit(step).await
}

fn started(run: &Run, id: &str) -> Option<BoxFuture<'static, Result<(String, Outcome), Halt>>> {
    let row = run.rows.get(id)?;
    let live = row.live.as_ref()?;
    let Some(Work::Update { to, tags }) = &row.mark.as_ref()?.work else { return None };
    let instance = Instance { tags: tags.clone(), ..live.clone() };
    let context = attempt::context(&run.engine, &run.stack, id, &instance, true);
    let call = Call::Update {
        physical_id: live.physical_id.clone().unwrap_or_default(),
        old: live.properties.value.clone(),
        new: to.value.clone(),
    };
    let call = attempt::call(run.engine.clone(), context, live.resource_type.clone(), call);
    let id = id.to_owned();
    Some(Box::pin(async move { Ok((id, call.await?)) }))
}

fn record(run: &mut Run, id: &str, outcome: Outcome, step: &mut Step) {
    let Some(mut row) = run.rows.get(id).cloned() else { return };
    let (Some(live), Some(mark)) = (row.live.take(), row.mark.take()) else { return };
    let (progress, status, reason) = match (outcome, mark.work.clone()) {
        (Ok(made), Some(Work::Update { to, tags })) => {
            row.live = Some(Instance { tags, ..settled(&run.engine, &live, to, made.unwrap_or_default()) });
            (Progress::Done, ResourceStatus::UpdateComplete, None)
        }
        (outcome, _) => {
            let reason = outcome.err().map(|failure| failure.reason(&live.token));
            row.live = Some(Instance { dirty: true, ..live });
            (Progress::Failed, ResourceStatus::UpdateFailed, reason)
        }
    };
    row.mark = Some(Mark { progress, work: None, ..mark });
    tell(run, &mut row, status, reason, step);
    step.rows.push(row);
}

async fn finish(run: &mut Run) -> Result<(), Halt> {
    let transaction = run.operation()?.transaction.clone();
    let failed: Vec<&str> = run
        .rows
        .values()
        .filter(|row| row.progress(&transaction) == Some(Progress::Failed))
        .map(|row| row.logical_id.as_str())
        .collect();
    if !failed.is_empty() {
        let reason = format!("The following resource(s) failed to update: [{}]. ", failed.join(", "));
        let stack =
            StackRow { status: StackStatus::UpdateRollbackFailed, reason: Some(reason), ..run.stack.clone() };
        return transition::to(run, stack, Step::default()).await;
    }
    let mut stack = StackRow {
        status: StackStatus::UpdateRollbackCompleteCleanupInProgress,
        reason: None,
        ..run.stack.clone()
    };
    let abandoned = stack.revision.imports.clone();
    if let Some(previous) = stack.previous.take() {
        stack.revision = previous;
    }
    let unused: Vec<String> =
        abandoned.into_iter().filter(|name| !stack.revision.imports.contains(name)).collect();
    let mut step =
        Step { also: exports::released(&run.engine, &stack.name, &unused).await?, ..Step::default() };
    let condemned = Condemned::new(&transaction);
    for mut row in run.rows.values().cloned().collect::<Vec<ResourceRow>>() {
        let made_here = row
            .mark
            .as_ref()
            .is_some_and(|mark| mark.transaction == transaction && mark.undo == Some(Undo::Discard));
        if made_here && let Some(live) = row.live.take() {
            condemned.unmade(run, &mut row, live, &mut step);
        }
        condemned.sentence(row, &mut step);
    }
    transition::to(run, stack, step).await
}

fn tell(
    run: &mut Run,
    row: &mut ResourceRow,
    status: ResourceStatus,
    reason: Option<String>,
    step: &mut Step,
) {
    row.set(status, reason, run.engine.clock.now());
    step.events.push(run.resource_event(row, row.live.as_ref()));
}
