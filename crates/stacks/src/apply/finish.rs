//! How the forward phase ends: complete, or on its way back.

use std::collections::BTreeSet;

use crate::{
    condemned::Condemned,
    desired::{Desired, messages},
    engine::Halt,
    exports,
    rows::{OnFailure, Operation, OperationKind, Progress, ResourceRow, StackRow, StackStatus},
    run::{Run, Step},
    transition,
};

/// Every resource is as the template asks. Outputs and exports are worked out; what they cannot be is a failure too.
pub async fn complete(run: &mut Run, desired: &Desired) -> Result<(), Halt> {
    let mut imports = BTreeSet::new();
    let (outputs, problems) = desired.outputs(run, &mut imports);
    if !problems.is_empty() {
        return failed(run, Some(messages(&problems))).await;
    }
    let exported = match exports::replaced(&run.engine, &run.stack, &outputs).await? {
        Ok(batch) => batch,
        Err(reason) => return failed(run, Some(reason)).await,
    };
    let before = run.stack.previous.as_ref().map(|revision| revision.imports.clone()).unwrap_or_default();
    let unused: Vec<String> =
        before.into_iter().filter(|name| !run.stack.revision.imports.contains(name)).collect();
    let released = exports::released(&run.engine, &run.stack.name, &unused).await?;

    let operation = run.operation()?.clone();
    let mut stack = StackRow { outputs, previous: None, reason: None, ..run.stack.clone() };
    let mut step = Step { also: exported.and(released), ..Step::default() };
    if operation.kind == OperationKind::Create {
        stack.status = StackStatus::CreateComplete;
    } else {
        stack.status = StackStatus::UpdateCompleteCleanupInProgress;
        let condemned = Condemned::new(&operation.transaction);
        for (id, row) in run.rows.clone() {
            let mut row = row;
            if let Some(former) = row.former.take() {
                condemned.replaced(run, &mut row, former, &mut step);
            }
            if !desired.graph.contains(&id)
                && let Some(live) = row.live.take()
            {
                condemned.removed(run, &mut row, live, &mut step);
            }
            condemned.sentence(row, &mut step);
        }
    }
    transition::to(run, stack, step).await
}

/// Something failed, or somebody asked to stop: back, away or left as it is, as the operation says.
pub async fn failed(run: &mut Run, why: Option<String>) -> Result<(), Halt> {
    let operation = run.operation()?.clone();
    let reason = why.unwrap_or_else(|| reason(run, &operation));
    match operation.kind {
        OperationKind::Create => create_failed(run, operation, reason).await,
        _ => update_failed(run, operation, reason).await,
    }
}

async fn create_failed(run: &mut Run, operation: Operation, reason: String) -> Result<(), Halt> {
    let mut stack = run.stack.clone();
    let mut step = Step::default();
    if operation.then_delete {
        stack.status = StackStatus::DeleteInProgress;
        stack.reason = Some(String::from("User Initiated"));
        stack.operation = Some(Operation { kind: OperationKind::Delete, ..operation.clone() });
    } else {
        let reason = reason.trim_end();
        (stack.status, stack.reason) = match operation.on_failure {
            OnFailure::Rollback => {
                (StackStatus::RollbackInProgress, Some(format!("{reason} Rollback requested by user.")))
            }
            OnFailure::Delete => {
                (StackStatus::DeleteInProgress, Some(format!("{reason} Delete requested by user.")))
            }
            OnFailure::DoNothing => (StackStatus::CreateFailed, Some(reason.to_owned())),
        };
        if operation.on_failure == OnFailure::Delete {
            stack.operation = Some(Operation { kind: OperationKind::Delete, ..operation.clone() });
        }
    }
    if stack.status != StackStatus::CreateFailed {
        let condemned = Condemned::new(&operation.transaction);
        for row in run.rows.values().cloned().collect::<Vec<ResourceRow>>() {
            condemned.everything_of(run, row, &operation, &mut step);
        }
    }
    transition::to(run, stack, step).await
}

async fn update_failed(run: &mut Run, operation: Operation, reason: String) -> Result<(), Halt> {
    if operation.on_failure == OnFailure::DoNothing && !operation.cancel {
        let stack = StackRow { status: StackStatus::UpdateFailed, reason: Some(reason), ..run.stack.clone() };
        return transition::to(run, stack, Step::default()).await;
    }
    crate::rollback::begin(run, reason).await
}

/// "The following resource(s) failed to create: [A, B]. …"
fn reason(run: &Run, operation: &Operation) -> String {
    let mut creations = Vec::new();
    let mut updates = Vec::new();
    for wanted in [Progress::Failed, Progress::Cancelled] {
        for row in run.rows.values().filter(|row| row.progress(&operation.transaction) == Some(wanted)) {
            let list = if row.status.name().starts_with("CREATE") { &mut creations } else { &mut updates };
            list.push(row.logical_id.as_str());
        }
    }
    let mut text = String::new();
    for (list, what) in [(creations, "create"), (updates, "update")] {
        if !list.is_empty() {
            text.push_str(&format!("The following resource(s) failed to {what}: [{}]. ", list.join(", ")));
        }
    }
    text
}
