//! How operations begin: one commit says what is to be done, then a driver does it.

use std::sync::Arc;

use base::{AwsError, Timestamp};
use ports::RngExt;
use store::Batch;

use crate::{
    change_sets,
    condemned::Condemned,
    engine::{Engine, Halt},
    exports, lookup,
    operations::words,
    plan::{self, Plan, Request, Unplannable},
    rows::{
        ChangeSetRow, OnFailure, Operation, OperationKind, Principal, Progress, ResourceRow, Revision,
        StackNameRow, StackRow, StackStatus,
    },
    run::{Run, Step},
};

const ATTEMPTS: usize = 16;
const USER_INITIATED: &str = "User Initiated";

/// What creating and updating have in common.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    pub stack_name: String,
    pub request: Request,
    pub client_token: Option<String>,
    pub principal: Principal,
    pub on_failure: OnFailure,
    pub timeout_minutes: Option<i64>,
    pub termination_protection: bool,
    pub policy: Option<String>,
    /// The change set that is carried out.
    pub change_set: Option<String>,
}

/// Makes a stack under a name that none has, or begins one that only had change sets so far. The id of the stack.
pub async fn create(engine: &Arc<Engine>, wish: &Wish) -> Result<StackRow, AwsError> {
    for _ in 0..ATTEMPTS {
        let existing = lookup::stack(engine, &wish.stack_name).await.map_err(words::unavailable)?;
        let mut run = match existing {
            None => Run::fresh(engine, new_stack(engine, &wish.stack_name, StackStatus::CreateInProgress)),
            Some(found)
                if found.value.status == StackStatus::ReviewInProgress && wish.change_set.is_some() =>
            {
                loaded(engine, &found.value.id).await?
            }
            Some(found) if repeated(&found.value, OperationKind::Create, wish) => return Ok(found.value),
            Some(_) => return Err(words::already_exists(&wish.stack_name)),
        };
        let Plan { revision, .. } = planned(engine, &wish.request, &run).await?;
        let claimed = match exports::claimed(engine, &wish.stack_name, &revision.imports).await {
            Ok(claimed) => claimed.map_err(words::invalid)?,
            Err(halt) => return Err(words::unavailable(halt)),
        };
        let mut stack = run.stack.clone();
        let fresh = stack.status != StackStatus::ReviewInProgress;
        stack.status = StackStatus::CreateInProgress;
        stack.reason = Some(String::from(USER_INITIATED));
        stack.revision = revision;
        stack.operation = Some(operation(engine, OperationKind::Create, wish, engine.rng.uuid()));
        stack.termination_protection = wish.termination_protection || stack.termination_protection;
        stack.policy = wish.policy.clone().or(stack.policy);
        stack.change_set.clone_from(&wish.change_set);
        let also = if fresh { claimed.insert(&name_of(&stack)) } else { claimed };
        let also = executed(engine, &stack, wish, also).await?;
        if let Some(stack) = written(&mut run, stack, Step { also, ..Step::default() }).await? {
            return Ok(stack);
        }
    }
    Err(words::busy())
}

/// Begins an update of a stack at rest. `Ok(None)`: there is nothing to do.
pub async fn update(engine: &Arc<Engine>, wish: &Wish) -> Result<Option<StackRow>, AwsError> {
    for _ in 0..ATTEMPTS {
        let found = lookup::stack(engine, &wish.stack_name).await.map_err(words::unavailable)?;
        let found = found.filter(|found| found.value.status != StackStatus::DeleteComplete);
        let Some(found) = found else { return Err(words::stack_not_there(&wish.stack_name)) };
        if repeated(&found.value, OperationKind::Update, wish) {
            return Ok(Some(found.value));
        }
        if !found.value.status.takes_update() {
            return Err(words::cannot_be_updated(&found.value));
        }
        let mut run = loaded(engine, &found.value.id).await?;
        if !run.stack.status.takes_update() {
            continue;
        }
        let Plan { revision, nothing_to_do, .. } = planned(engine, &wish.request, &run).await?;
        if nothing_to_do {
            return Ok(None);
        }
        let claimed = match exports::claimed(engine, &run.stack.name, &revision.imports).await {
            Ok(claimed) => claimed.map_err(words::invalid)?,
            Err(halt) => return Err(words::unavailable(halt)),
        };
        let mut stack = run.stack.clone();
        // After an update that failed and stayed as it was, the way back still leads to before that one.
        let goes_on = stack
            .operation
            .as_ref()
            .filter(|_| stack.previous.is_some())
            .map(|operation| operation.transaction.clone());
        let mut step = Step::default();
        if let Some(transaction) = &goes_on {
            step.rows = waiting_again(&run, transaction);
        }
        if stack.previous.is_none() {
            stack.previous = Some(stack.revision.clone());
        }
        stack.revision =
            Revision { role_arn: revision.role_arn.clone().or(stack.revision.role_arn), ..revision };
        stack.status = StackStatus::UpdateInProgress;
        stack.reason = Some(String::from(USER_INITIATED));
        stack.updated_at = Some(engine.clock.now());
        stack.operation = Some(operation(
            engine,
            OperationKind::Update,
            wish,
            goes_on.unwrap_or_else(|| engine.rng.uuid()),
        ));
        stack.policy = wish.policy.clone().or(stack.policy);
        stack.change_set.clone_from(&wish.change_set);
        step.also = executed(engine, &stack, wish, claimed).await?;
        if let Some(stack) = written(&mut run, stack, step).await? {
            return Ok(Some(stack));
        }
    }
    Err(words::busy())
}

/// What a deletion is asked to do beside.
#[derive(Clone, Debug, Default)]
pub struct Deletion {
    pub retain: Vec<String>,
    pub force: bool,
    pub client_token: Option<String>,
    pub principal: Principal,
    pub role_arn: Option<String>,
}

/// Begins a deletion; a stack that is not there, or is already going, is none to complain about. `Some`: a driver is
/// needed.
pub async fn delete(engine: &Arc<Engine>, name: &str, wish: &Deletion) -> Result<Option<StackRow>, AwsError> {
    for _ in 0..ATTEMPTS {
        let Some(found) = lookup::stack(engine, name).await.map_err(words::unavailable)? else {
            return Ok(None);
        };
        let status = found.value.status;
        if matches!(status, StackStatus::DeleteComplete | StackStatus::DeleteInProgress) {
            return Ok(None);
        }
        if found.value.termination_protection {
            return Err(words::protected(&found.value.name));
        }
        let mut run = loaded(engine, &found.value.id).await?;
        let status = run.stack.status;
        let mut stack = run.stack.clone();
        if status == StackStatus::CreateInProgress {
            if let Some(operation) = &mut stack.operation {
                operation.then_delete = true;
            }
            match run.commit(Step { stack: Some(stack), ..Step::default() }).await {
                Ok(()) => return Ok(None),
                Err(Halt::Conflict) => continue,
                Err(halt) => return Err(words::unavailable(halt)),
            }
        }
        if status.phase() != crate::rows::Phase::Rest {
            return Err(words::cannot_be_deleted(&stack));
        }
        if !wish.retain.is_empty() && status != StackStatus::DeleteFailed {
            return Err(words::invalid(String::from(
                "Invalid operation on stack. RetainResources can be specified only if the stack is in the DELETE_FAILED state",
            )));
        }
        let unknown: Vec<&str> =
            wish.retain.iter().filter(|id| !run.rows.contains_key(*id)).map(String::as_str).collect();
        if !unknown.is_empty() {
            return Err(words::invalid(format!(
                "The specified resources to retain do not belong to stack {}: [{}]",
                stack.name,
                unknown.join(", ")
            )));
        }
        let operation = Operation {
            kind: OperationKind::Delete,
            transaction: engine.rng.uuid(),
            client_token: wish.client_token.clone(),
            principal: wish.principal.clone(),
            on_failure: OnFailure::DoNothing,
            retain: wish.retain.clone(),
            force: wish.force,
            cancel: false,
            then_delete: false,
            deadline: None,
            failure: None,
        };
        stack.status = StackStatus::DeleteInProgress;
        stack.reason = Some(String::from(USER_INITIATED));
        stack.operation = Some(operation.clone());
        stack.revision.role_arn = wish.role_arn.clone().or(stack.revision.role_arn);
        let mut step = Step::default();
        step.events.push(run.stack_event(&stack));
        match exports::withdrawn(engine, &stack).await.map_err(words::unavailable)? {
            Ok(withdrawn) => {
                step.also = withdrawn;
                let condemned = Condemned::new(&operation.transaction);
                for row in run.rows.values().cloned().collect::<Vec<ResourceRow>>() {
                    condemned.everything_of(&mut run, row, &operation, &mut step);
                }
            }
            Err(reason) => {
                stack.status = StackStatus::DeleteFailed;
                stack.reason = Some(reason);
                step.events.push(run.stack_event(&stack));
            }
        }
        step.stack = Some(stack.clone());
        match run.commit(step).await {
            Ok(()) => return Ok(Some(stack)),
            Err(Halt::Conflict) => {}
            Err(halt) => return Err(words::unavailable(halt)),
        }
    }
    Err(words::busy())
}

/// A stack that has nothing yet.
pub fn new_stack(engine: &Engine, name: &str, status: StackStatus) -> StackRow {
    let id = engine.rng.uuid();
    let arn = format!(
        "arn:aws:cloudformation:{}:{}:stack/{name}/{id}",
        engine.config.region, engine.config.account
    );
    StackRow {
        home: engine.home(),
        id,
        arn,
        name: name.to_owned(),
        status,
        reason: None,
        created_at: engine.clock.now(),
        updated_at: None,
        deleted_at: None,
        revision: Revision::default(),
        previous: None,
        outputs: Vec::new(),
        operation: None,
        termination_protection: false,
        policy: None,
        change_set: None,
    }
}

pub fn name_of(stack: &StackRow) -> StackNameRow {
    StackNameRow { home: stack.home.clone(), name: stack.name.clone(), stack: stack.id.clone() }
}

pub async fn planned(engine: &Engine, request: &Request, run: &Run) -> Result<Plan, AwsError> {
    plan::plan(engine, request, run).await.map_err(|unplannable| match unplannable {
        Unplannable::Refused(error) => error,
        Unplannable::Halted(halt) => words::unavailable(halt),
    })
}

pub async fn loaded(engine: &Arc<Engine>, id: &str) -> Result<Run, AwsError> {
    match Run::load(engine, id).await {
        Ok(Some(run)) => Ok(run),
        Ok(None) => Err(words::busy()),
        Err(halt) => Err(words::unavailable(halt)),
    }
}

fn operation(engine: &Engine, kind: OperationKind, wish: &Wish, transaction: String) -> Operation {
    let now = engine.clock.now();
    Operation {
        kind,
        transaction,
        client_token: wish.client_token.clone(),
        principal: wish.principal.clone(),
        on_failure: wish.on_failure,
        retain: Vec::new(),
        force: false,
        cancel: false,
        then_delete: false,
        deadline: wish.timeout_minutes.map(|minutes| deadline(now, minutes)),
        failure: None,
    }
}

fn deadline(now: Timestamp, minutes: i64) -> Timestamp {
    now.plus_seconds(minutes.saturating_mul(60))
}

/// The same call, with the same token, once more.
fn repeated(stack: &StackRow, kind: OperationKind, wish: &Wish) -> bool {
    let operation = stack.operation.as_ref().filter(|operation| operation.kind == kind);
    wish.client_token.is_some()
        && operation.is_some_and(|operation| operation.client_token == wish.client_token)
}

/// Rows of an update that failed and is followed by another: each is looked at anew.
fn waiting_again(run: &Run, transaction: &str) -> Vec<ResourceRow> {
    let mut rows = Vec::new();
    for row in run.rows.values() {
        if let Some(mark) = row.mark.as_ref().filter(|mark| mark.transaction == transaction) {
            let mut row = row.clone();
            row.mark = Some(crate::rows::Mark { progress: Progress::Waiting, work: None, ..mark.clone() });
            rows.push(row);
        }
    }
    rows
}

/// Marks the change set that is carried out, and takes the stack's others away: they were drawn for another state.
async fn executed(engine: &Engine, stack: &StackRow, wish: &Wish, batch: Batch) -> Result<Batch, AwsError> {
    let mut batch = batch;
    for change_set in change_sets::of(engine, &stack.id).await.map_err(words::unavailable)? {
        if Some(&change_set.value.arn) == wish.change_set.as_ref() {
            let done = ChangeSetRow {
                execution: crate::rows::ExecutionStatus::ExecuteComplete,
                ..change_set.value.clone()
            };
            batch = batch.replace(&change_set, &done);
        } else {
            batch = batch.spend(&change_set);
        }
    }
    Ok(batch)
}

/// Commits the beginning. `None`: someone else was faster; look again.
async fn written(run: &mut Run, stack: StackRow, mut step: Step) -> Result<Option<StackRow>, AwsError> {
    step.events.push(run.stack_event(&stack));
    step.stack = Some(stack.clone());
    match run.commit(step).await {
        Ok(()) => Ok(Some(stack)),
        Err(Halt::Conflict) => Ok(None),
        Err(halt) => Err(words::unavailable(halt)),
    }
}
