//! A change set carried out, or thrown away.

use base::{AwsError, Caller};
use facts::cloudformation::{
    DeleteChangeSetInput, DeleteChangeSetOutput, ExecuteChangeSetInput, ExecuteChangeSetOutput,
};

use super::{describe_change_set, given, words};
use crate::{
    Stacks,
    engine::Halt,
    parameters::Given,
    plan::Request,
    rows::{ExecutionStatus, OnFailure, OperationKind},
    start,
};

pub async fn execute(
    stacks: &Stacks,
    caller: &Caller,
    input: ExecuteChangeSetInput,
) -> Result<ExecuteChangeSetOutput, AwsError> {
    let engine = stacks.engine();
    let row =
        describe_change_set::find(stacks, &input.change_set_name, input.stack_name.as_deref()).await?.value;
    if row.execution != ExecutionStatus::Available {
        let status =
            serde_json::to_value(row.status).ok().and_then(|value| value.as_str().map(str::to_owned));
        return Err(AwsError::client(
            "InvalidChangeSetStatus",
            format!(
                "ChangeSet [{}] cannot be executed in its current status of [{}]",
                row.arn,
                status.unwrap_or_default()
            ),
        ));
    }
    let revision = engine
        .vault()
        .opened_revision(&row.stack, &row.revision)
        .map_err(|cause| words::unavailable(Halt::Unreadable(cause)))?;
    let wish = start::Wish {
        principal: given::acting(stacks, caller, revision.role_arn.as_deref()).await?,
        request: Request {
            template: revision.template,
            parameters: revision
                .parameters
                .into_iter()
                .map(|parameter| Given {
                    parameter_key: parameter.name,
                    parameter_value: Some(parameter.value),
                    use_previous_value: None,
                })
                .collect(),
            tags: revision.tags,
            capabilities: revision.capabilities,
            notification_arns: revision.notification_arns,
            role_arn: revision.role_arn,
            policy_during_update: None,
        },
        // The ARN and not the name: another stack may have it by now.
        stack_name: if row.kind == OperationKind::Create { row.stack_name } else { row.stack_arn },
        client_token: input.client_request_token,
        on_failure: if input.disable_rollback == Some(true) { OnFailure::DoNothing } else { row.on_failure },
        timeout_minutes: None,
        termination_protection: false,
        policy: None,
        change_set: Some(row.arn),
    };
    let stack = match row.kind {
        OperationKind::Create => start::create(engine, &wish).await?,
        _ => start::update(engine, &wish).await?.ok_or_else(words::no_updates)?,
    };
    stacks.drive(&stack.id);
    Ok(ExecuteChangeSetOutput::default())
}

pub async fn delete(
    stacks: &Stacks,
    _caller: &Caller,
    input: DeleteChangeSetInput,
) -> Result<DeleteChangeSetOutput, AwsError> {
    let found =
        match describe_change_set::find(stacks, &input.change_set_name, input.stack_name.as_deref()).await {
            Ok(found) => found,
            // As AWS: what is gone needs no deleting.
            Err(error) if error.code == "ChangeSetNotFound" => return Ok(DeleteChangeSetOutput::default()),
            Err(error) => return Err(error),
        };
    match stacks.engine().store.commit(store::Batch::new().spend(&found)).await {
        Ok(()) => Ok(DeleteChangeSetOutput::default()),
        Err(cause) => Err(words::unavailable(cause.into())),
    }
}
