//! Works out what a template would change, to be looked at and carried out later.

use base::{AwsError, Caller};
use facts::cloudformation::{CreateChangeSetInput, CreateChangeSetOutput};
use ports::RngExt;

use super::{given, words};
use crate::{
    Stacks, change_sets,
    engine::Halt,
    lookup,
    plan::{Change, Request},
    rows::{ChangeSetRow, ChangeSetStatus, ExecutionStatus, OnFailure, OperationKind, Revision, StackStatus},
    run::{Run, Step},
    start,
};

const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

pub async fn run(
    stacks: &Stacks,
    caller: &Caller,
    input: CreateChangeSetInput,
) -> Result<CreateChangeSetOutput, AwsError> {
    let engine = stacks.engine();
    given::no_triggers(input.rollback_configuration.clone())?;
    let kind = match input.change_set_type.as_deref() {
        Some("CREATE") => OperationKind::Create,
        Some("UPDATE") | None => OperationKind::Update,
        Some(other) => return Err(words::invalid(format!("ChangeSetType {other} is not supported here"))),
    };
    let found = lookup::stack(engine, &input.stack_name).await.map_err(words::unavailable)?;
    let found = found.map(|found| found.value).filter(|stack| stack.status != StackStatus::DeleteComplete);
    let mut run = match (kind, found) {
        (OperationKind::Create, None) => {
            given::new_name(&input.stack_name)?;
            Run::fresh(engine, start::new_stack(engine, &input.stack_name, StackStatus::ReviewInProgress))
        }
        (OperationKind::Create, Some(stack)) if stack.status == StackStatus::ReviewInProgress => {
            start::loaded(engine, &stack.id).await?
        }
        (OperationKind::Create, Some(_)) => {
            return Err(words::invalid(format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [{}].",
                input.stack_name, input.change_set_name
            )));
        }
        (_, Some(stack)) if stack.status.takes_update() => start::loaded(engine, &stack.id).await?,
        (_, Some(stack)) => return Err(words::cannot_be_updated(&stack)),
        (_, None) => return Err(words::stack_not_there(&input.stack_name)),
    };
    let fresh = run.is_fresh();
    let name = &input.change_set_name;
    if change_sets::by_name(engine, &run.stack.id, name).await.map_err(words::unavailable)?.is_some() {
        return Err(AwsError::client("AlreadyExistsException", format!("ChangeSet {name} already exists")));
    }
    let request = request(stacks, caller, &input, &run.stack.revision).await?;
    let plan = start::planned(engine, &request, &run).await?;
    let nothing = plan.nothing_to_do && kind == OperationKind::Update;
    let stack = run.stack.clone();
    let row = ChangeSetRow {
        home: stack.home.clone(),
        stack: stack.id.clone(),
        stack_arn: stack.arn.clone(),
        stack_name: stack.name.clone(),
        name: name.clone(),
        arn: format!(
            "arn:aws:cloudformation:{}:{}:changeSet/{name}/{}",
            engine.config.region,
            engine.config.account,
            engine.rng.uuid()
        ),
        description: input.description,
        created_at: engine.clock.now(),
        kind,
        status: if nothing { ChangeSetStatus::Failed } else { ChangeSetStatus::CreateComplete },
        reason: nothing.then(|| String::from(NO_CHANGES)),
        execution: if nothing { ExecutionStatus::Unavailable } else { ExecutionStatus::Available },
        on_failure: match input.on_stack_failure.as_deref() {
            Some("DELETE") => OnFailure::Delete,
            Some("DO_NOTHING") => OnFailure::DoNothing,
            _ => OnFailure::Rollback,
        },
        revision: engine
            .vault()
            .sealed_revision(&stack.id, &plan.revision)
            .map_err(|cause| words::unavailable(Halt::Unreadable(cause)))?,
        changes: plan.changes.iter().map(Change::to_value).collect(),
        client_token: input.client_token,
    };
    let mut step = Step { also: store::Batch::new().insert(&row), ..Step::default() };
    if fresh {
        let mut stack = stack.clone();
        stack.reason = Some(String::from("User Initiated"));
        step.also = step.also.insert(&start::name_of(&stack));
        step.events.push(run.stack_event(&stack));
        step.stack = Some(stack);
    }
    run.commit(step).await.map_err(|halt| match halt {
        Halt::Conflict => {
            AwsError::client("AlreadyExistsException", format!("ChangeSet {name} already exists"))
        }
        other => words::unavailable(other),
    })?;
    Ok(CreateChangeSetOutput { id: Some(row.arn), stack_id: Some(stack.arn) })
}

async fn request(
    stacks: &Stacks,
    caller: &Caller,
    input: &CreateChangeSetInput,
    before: &Revision,
) -> Result<Request, AwsError> {
    let text =
        given::template(stacks, caller, input.template_body.clone(), input.template_url.clone()).await?;
    let template = match (text, input.use_previous_template.unwrap_or(false)) {
        (Some(text), false) => text,
        (None, true) => before.template.clone(),
        (Some(_), true) => {
            return Err(words::invalid(
                "Either UsePreviousTemplate or a template must be specified, not both",
            ));
        }
        (None, false) => return Err(given::no_template()),
    };
    // Who may not pass the role may not ask for it either.
    let role_arn = input.role_arn.clone().or_else(|| before.role_arn.clone());
    given::acting(stacks, caller, role_arn.as_deref()).await?;
    Ok(Request {
        template,
        parameters: given::parameters(input.parameters.clone()),
        tags: match &input.tags {
            Some(tags) => given::tags(tags.clone())?,
            None => given::kept_tags(before),
        },
        capabilities: input.capabilities.clone().unwrap_or_default(),
        notification_arns: match &input.notification_arns {
            Some(arns) => given::notifications(Some(arns.clone())),
            None => before.notification_arns.clone(),
        },
        role_arn,
        policy_during_update: None,
    })
}
