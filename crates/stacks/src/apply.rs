//! The forward phase: resources come to what the template asks for, each after all that it needs, several at a time.
//!
//! What is about to be done is committed before it is done, what came of it after. A driver that finds a resource
//! between the two does the same again: tokens make that harmless.

mod decide;
mod finish;
mod outcome;

use std::collections::BTreeSet;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};

use crate::{
    attempt::{self, Call, Outcome},
    desired::Desired,
    engine::Halt,
    resources::Leaving,
    rows::{Instance, OperationKind, Progress, ResourceRow, Work},
    run::{Run, Step},
    template::Policy,
};
use decide::Decision;

type Working = FuturesUnordered<BoxFuture<'static, Result<(String, Outcome), Halt>>>;

/// Where the phase stands; read from the rows at its start.
struct Front {
    done: BTreeSet<String>,
    working: BTreeSet<String>,
    failed: BTreeSet<String>,
}

pub async fn forward(run: &mut Run) -> Result<(), Halt> {
    let accepted =
        Desired::accepted(&run.engine, &run.stack.revision, &run.stack.arn, &run.stack.name).await?;
    let desired = match accepted {
        Ok(desired) => desired,
        Err(reason) => return finish::failed(run, Some(reason)).await,
    };
    let mut front = Front::of(run)?;
    let mut calls: Working = FuturesUnordered::new();
    for id in front.working.clone() {
        if let Some((instance, call)) = run.rows.get(&id).and_then(|row| again(row, &desired)) {
            calls.push(started(run, &desired, &id, &instance, call, true));
        }
    }
    loop {
        run.listen().await?;
        let stop = interruption(run)?;
        if stop.is_none() && front.failed.is_empty() {
            while begin(run, &desired, &mut front, &mut calls).await? {}
        }
        let Some(first) = calls.next().await else {
            let all_done = desired.graph.ids().all(|id| front.done.contains(id)) && front.failed.is_empty();
            // What came in time is not late because its end is written down late.
            let late = stop.is_some() && !asked_to_stop(run)?;
            return match stop {
                None if all_done => finish::complete(run, &desired).await,
                Some(_) if all_done && late => finish::complete(run, &desired).await,
                stop => finish::failed(run, stop).await,
            };
        };
        let mut outcomes = vec![first?];
        while let Some(Some(more)) = calls.next().now_or_never() {
            outcomes.push(more?);
        }
        take_in(run, &desired, &mut front, outcomes).await?;
    }
}

impl Front {
    fn of(run: &Run) -> Result<Self, Halt> {
        let transaction = &run.operation()?.transaction;
        let mut front = Self { done: BTreeSet::new(), working: BTreeSet::new(), failed: BTreeSet::new() };
        for (id, row) in &run.rows {
            match row.progress(transaction) {
                Some(Progress::Done) => front.done.insert(id.clone()),
                Some(Progress::Working) => front.working.insert(id.clone()),
                Some(Progress::Failed | Progress::Cancelled) => front.failed.insert(id.clone()),
                Some(Progress::Waiting) | None => false,
            };
        }
        Ok(front)
    }
}

/// Why nothing more may begin, apart from a resource that failed.
fn interruption(run: &Run) -> Result<Option<String>, Halt> {
    if asked_to_stop(run)? {
        return Ok(Some(String::from("User Initiated")));
    }
    let operation = run.operation()?;
    let late = operation.deadline.is_some_and(|deadline| run.engine.clock.now() >= deadline);
    let what = if operation.kind == OperationKind::Create { "creation" } else { "update" };
    Ok(late.then(|| format!("Stack {what} time exceeded the specified timeout.")))
}

fn asked_to_stop(run: &Run) -> Result<bool, Halt> {
    let operation = run.operation()?;
    Ok(operation.then_delete || operation.cancel)
}

/// Begins what is ready, as much as there is room for, in one commit. `true`: look again, more may have become ready.
async fn begin(
    run: &mut Run,
    desired: &Desired,
    front: &mut Front,
    calls: &mut Working,
) -> Result<bool, Halt> {
    let room = run.engine.config.parallel.saturating_sub(calls.len());
    let mut ready = desired.graph.ready(&front.done, &front.working);
    ready.truncate(room);
    let mut step = Step::default();
    let mut begun = Vec::new();
    let mut settled = false;
    for id in ready {
        match decide::decide(run, desired, &id)? {
            Decision::Stays { row } => {
                settled = true;
                front.done.insert(id);
                step.rows.extend(row.map(|row| *row));
            }
            Decision::Begins { row, instance, call } => {
                step.events.push(run.resource_event(&row, row.live.as_ref().or(Some(&instance))));
                front.working.insert(id.clone());
                begun.push((id, *instance, call));
                step.rows.push(*row);
            }
            Decision::Fails { row } => {
                step.events.push(run.resource_event(&row, row.live.as_ref()));
                front.failed.insert(id);
                step.rows.push(*row);
            }
        }
    }
    run.commit(step).await?;
    for (id, instance, call) in begun {
        calls.push(started(run, desired, &id, &instance, call, false));
    }
    Ok(settled && front.failed.is_empty())
}

async fn take_in(
    run: &mut Run,
    desired: &Desired,
    front: &mut Front,
    outcomes: Vec<(String, Outcome)>,
) -> Result<(), Halt> {
    let mut step = Step::default();
    for (id, outcome) in outcomes {
        front.working.remove(&id);
        let cancelled = !front.failed.is_empty() || interruption(run)?.is_some();
        let succeeded = outcome.is_ok();
        outcome::record(run, desired, &id, outcome, cancelled, &mut step)?;
        if succeeded && !cancelled {
            front.done.insert(id);
        } else {
            front.failed.insert(id);
        }
    }
    run.commit(step).await
}

/// The call that a resource was in the middle of.
fn again(row: &ResourceRow, desired: &Desired) -> Option<(Instance, Call)> {
    match row.mark.as_ref()?.work.as_ref()? {
        Work::Create { instance, replace } => {
            let follows =
                row.live.as_ref().filter(|_| *replace && !desired.may_be_lost.contains(&row.logical_id));
            let call = Call::Create {
                properties: instance.properties.value.clone(),
                follows: follows.and_then(|live| live.physical_id.clone()),
            };
            Some((instance.clone(), call))
        }
        Work::Update { to, tags } => {
            let live = row.live.as_ref()?;
            let call = Call::Update {
                physical_id: live.physical_id.clone()?,
                old: live.properties.value.clone(),
                new: to.value.clone(),
            };
            Some((Instance { tags: tags.clone(), ..live.clone() }, call))
        }
        Work::Discard => None,
    }
}

fn started(
    run: &Run,
    desired: &Desired,
    id: &str,
    instance: &Instance,
    call: Call,
    resumed: bool,
) -> BoxFuture<'static, Result<(String, Outcome), Halt>> {
    let mut context = attempt::context(&run.engine, &run.stack, id, instance, resumed);
    if matches!(call, Call::Create { .. }) {
        context.leaving = leaving(run, desired).collect();
    }
    let call = attempt::call(run.engine.clone(), context, instance.resource_type.clone(), call);
    let id = id.to_owned();
    Box::pin(async move { Ok((id, call.await?)) })
}

/// What [`finish::complete`] is going to condemn, as far as it is known by now.
fn leaving<'a>(run: &'a Run, desired: &'a Desired) -> impl Iterator<Item = Leaving> + 'a {
    let instances = run.rows.iter().flat_map(|(id, row)| {
        let replaced = row.former.as_ref().filter(|former| former.update_replace_policy == Policy::Delete);
        let stays = desired.graph.contains(id);
        let removed = row.live.as_ref().filter(|live| !stays && live.deletion_policy == Policy::Delete);
        replaced.into_iter().chain(removed)
    });
    instances.filter_map(|instance| {
        Some(Leaving {
            resource_type: instance.resource_type.clone(),
            physical_id: instance.physical_id.clone()?,
            properties: instance.properties.value.clone(),
        })
    })
}
