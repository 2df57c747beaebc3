//! A rollback taken up again where it failed.

use base::{AwsError, Caller};
use facts::cloudformation::{ContinueUpdateRollbackInput, ContinueUpdateRollbackOutput};

use super::{given, words};
use crate::{
    Stacks, lookup,
    rows::{Mark, Progress, ResourceRow, ResourceStatus, StackRow, StackStatus},
    run::{Run, Step},
    start,
};

pub async fn run(
    stacks: &Stacks,
    caller: &Caller,
    input: ContinueUpdateRollbackInput,
) -> Result<ContinueUpdateRollbackOutput, AwsError> {
    let mut run = at(stacks, &input.stack_name, StackStatus::UpdateRollbackFailed).await?;
    let mut stack = acting(stacks, caller, &run.stack, input.role_arn.as_deref()).await?;
    let transaction =
        stack.operation.as_ref().map(|operation| operation.transaction.clone()).unwrap_or_default();
    let skip = input.resources_to_skip.unwrap_or_default();
    let failed: Vec<ResourceRow> = run
        .rows
        .values()
        .filter(|row| row.progress(&transaction) == Some(Progress::Failed))
        .cloned()
        .collect();
    if let Some(other) = skip.iter().find(|id| !failed.iter().any(|row| row.logical_id == **id)) {
        return Err(words::invalid(format!(
            "Invalid ResourcesToSkip: {other} is not in UPDATE_FAILED state"
        )));
    }
    let mut step = Step::default();
    for mut row in failed {
        let skipped = skip.contains(&row.logical_id);
        row.mark = row.mark.map(|mark| Mark {
            progress: if skipped { Progress::Done } else { Progress::Waiting },
            work: None,
            ..mark
        });
        if skipped {
            row.set(
                ResourceStatus::UpdateComplete,
                Some(String::from("Resource rollback skipped")),
                run.engine.clock.now(),
            );
            step.events.push(run.resource_event(&row, row.live.as_ref()));
        }
        step.rows.push(row);
    }
    stack.status = StackStatus::UpdateRollbackInProgress;
    stack.reason = Some(String::from("User Initiated"));
    step.events.push(run.stack_event(&stack));
    step.stack = Some(stack);
    committed(&mut run, step).await?;
    stacks.drive(&run.stack.id);
    Ok(ContinueUpdateRollbackOutput::default())
}

async fn at(stacks: &Stacks, name: &str, wanted: StackStatus) -> Result<Run, AwsError> {
    let found = lookup::stack(stacks.engine(), name).await.map_err(words::unavailable)?;
    let found = found.ok_or_else(|| words::stack_not_there(name))?;
    let run = start::loaded(stacks.engine(), &found.value.id).await?;
    if run.stack.status != wanted {
        return Err(words::invalid(format!(
            "Stack:{} is in {} state and can not be rolled back from {}.",
            run.stack.arn,
            run.stack.status.name(),
            wanted.name()
        )));
    }
    Ok(run)
}

async fn acting(
    stacks: &Stacks,
    caller: &Caller,
    stack: &StackRow,
    role: Option<&str>,
) -> Result<StackRow, AwsError> {
    let mut stack = stack.clone();
    let role = role.map(str::to_owned).or_else(|| stack.revision.role_arn.clone());
    let principal = given::acting(stacks, caller, role.as_deref()).await?;
    if let Some(operation) = &mut stack.operation {
        operation.principal = principal;
        operation.cancel = false;
    }
    Ok(stack)
}

async fn committed(run: &mut Run, step: Step) -> Result<(), AwsError> {
    run.commit(step).await.map_err(words::unavailable)
}
