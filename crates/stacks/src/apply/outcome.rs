//! What came of a call, written into the resource's row.

use crate::{
    attempt::{Outcome, settled},
    desired::Desired,
    engine::Halt,
    rows::{Instance, Mark, Progress, ResourceRow, ResourceStatus, Undo, Work},
    run::{Run, Step},
};

const INITIATED: &str = "Resource creation Initiated";

/// `cancelled`: it ended well, but by then the operation was failing.
pub fn record(
    run: &mut Run,
    desired: &Desired,
    id: &str,
    outcome: Outcome,
    cancelled: bool,
    step: &mut Step,
) -> Result<(), Halt> {
    let Some(mut row) = run.rows.get(id).cloned() else { return Ok(()) };
    let Some(Mark { transaction, work: Some(work), undo, .. }) = row.mark.take() else { return Ok(()) };
    let (undo, succeeded) = match work {
        Work::Create { instance, replace } => {
            created(run, &mut row, instance, replace, undo, outcome, cancelled, step)
        }
        Work::Update { to, tags } => {
            let succeeded = match (row.live.take(), outcome) {
                (Some(live), Ok(made)) => {
                    let made = made.unwrap_or_default();
                    let resource = desired.template.resource(id);
                    row.live = Some(Instance {
                        tags,
                        dependencies: desired.graph.needs_of(id),
                        deletion_policy: resource
                            .map_or(live.deletion_policy, |resource| resource.deletion_policy),
                        update_replace_policy: resource
                            .map_or(live.update_replace_policy, |resource| resource.update_replace_policy),
                        ..settled(&run.engine, &live, to, made)
                    });
                    let ended = if cancelled {
                        (ResourceStatus::UpdateFailed, Some(String::from("Resource update cancelled")))
                    } else {
                        (ResourceStatus::UpdateComplete, None)
                    };
                    tell(run, &mut row, ended.0, ended.1, step);
                    true
                }
                (Some(live), Err(failure)) => {
                    let reason = failure.reason(&live.token);
                    row.live = Some(Instance { dirty: true, ..live });
                    tell(run, &mut row, ResourceStatus::UpdateFailed, Some(reason), step);
                    false
                }
                (None, _) => false,
            };
            (undo, succeeded)
        }
        Work::Discard => (undo, true),
    };
    let progress = match (succeeded, cancelled) {
        (true, false) => Progress::Done,
        (true, true) => Progress::Cancelled,
        (false, _) => Progress::Failed,
    };
    row.mark = Some(Mark { transaction, progress, work: None, undo });
    step.rows.push(row);
    Ok(())
}

#[allow(
    clippy::too_many_arguments,
    reason = "one outcome has this many sides; a struct for one call would hide them"
)]
fn created(
    run: &mut Run,
    row: &mut ResourceRow,
    instance: Instance,
    replace: bool,
    undo: Option<Undo>,
    outcome: Outcome,
    cancelled: bool,
    step: &mut Step,
) -> (Option<Undo>, bool) {
    let (in_progress, complete, failed, cancelled_as) = if replace {
        (
            ResourceStatus::UpdateInProgress,
            ResourceStatus::UpdateComplete,
            ResourceStatus::UpdateFailed,
            "Resource update cancelled",
        )
    } else {
        (
            ResourceStatus::CreateInProgress,
            ResourceStatus::CreateComplete,
            ResourceStatus::CreateFailed,
            "Resource creation cancelled",
        )
    };
    match outcome {
        Ok(made) => {
            let properties = instance.properties.clone();
            let instance = settled(&run.engine, &instance, properties, made.unwrap_or_default());
            let undo = put_live(row, instance, undo);
            tell(run, row, in_progress, Some(String::from(INITIATED)), step);
            if cancelled {
                tell(run, row, failed, Some(String::from(cancelled_as)), step);
            } else {
                tell(run, row, complete, None, step);
            }
            (undo, true)
        }
        Err(failure) => {
            let reason = failure.reason(&instance.token);
            let half_made =
                failure.made.map(|id| Instance { physical_id: Some(id), dirty: true, ..instance });
            let mut undo = undo;
            if let Some(half_made) = half_made {
                if replace {
                    row.doomed.push(half_made);
                } else {
                    undo = put_live(row, half_made, undo);
                }
            }
            tell(run, row, failed, Some(reason), step);
            (undo, false)
        }
    }
}

/// Makes `instance` live. What was live before this transaction is kept for the way back; what only this transaction
/// made is not needed by anyone.
fn put_live(row: &mut ResourceRow, instance: Instance, undo: Option<Undo>) -> Option<Undo> {
    let before = row.live.replace(instance);
    row.resource_type =
        row.live.as_ref().map_or_else(|| row.resource_type.clone(), |live| live.resource_type.clone());
    match (before, undo) {
        (None, undo) => undo.or(Some(Undo::Discard)),
        (Some(before), Some(undo @ (Undo::Discard | Undo::Swap { .. }))) => {
            row.doomed.push(before);
            Some(undo)
        }
        (Some(before), undo) => {
            row.former = Some(before);
            let revert = match undo {
                Some(Undo::Revert { to, tags }) => Some((to, tags)),
                _ => None,
            };
            Some(Undo::Swap { revert })
        }
    }
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
