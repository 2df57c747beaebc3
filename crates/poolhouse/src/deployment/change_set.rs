//! Change sets: what a template would change, made, waited for and set off.

use super::{
    Bundle, LARGEST_BODY,
    refusal::{no_change_set, refused},
    wait::Pause,
};
use crate::{
    aws::{
        Client,
        cloudformation::{self, ChangeSet, Revision, Template},
    },
    failure::Failure,
    terminal::Terminal,
};

/// A first deployment makes a bucket before the whole template is looked at. So that a mistake in it leaves nothing
/// behind, the template is tried as a change set first, which is not executed.
pub async fn rehearse(
    client: &Client,
    bundle: &Bundle,
    revision: &Revision,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let body = bundle.template_update.to_string();
    if body.len() > LARGEST_BODY {
        return Ok(());
    }
    terminal.detail("Trying the template");
    let (stack, name) = (bundle.stack_name.as_str(), name_of(client, "rehearsal"));
    let whole = Revision { template: Template::Body(body), ..revision.clone() };
    let made = async {
        let outcome = cloudformation::create_change_set(client, stack, &name, "CREATE", &whole).await;
        outcome.map_err(|failure| refused(&failure, bundle))?;
        made(client, stack, &name, bundle).await
    };
    let change_set = made.await?;
    cloudformation::delete_change_set(client, stack, &name).await?;
    if change_set.status == "CREATE_COMPLETE" {
        return Ok(());
    }
    // The stack that a change set brings into being has nothing in it, unless another deployment came in between.
    let there = cloudformation::describe_stack(client, stack).await?;
    if there.is_some_and(|stack| stack.status == "REVIEW_IN_PROGRESS") {
        cloudformation::delete_stack(client, stack, None, &[]).await?;
    }
    Err(no_change_set(&change_set.reason, bundle))
}

/// Makes a change set and sets it off; gives the stack's id, or `None` where there is nothing to change.
pub async fn change_set(
    client: &Client,
    bundle: &Bundle,
    revision: &Revision,
    kind: &str,
    terminal: &Terminal,
) -> Result<Option<String>, Failure> {
    let stack = bundle.stack_name.as_str();
    let name = name_of(client, "deployment");
    let outcome = cloudformation::create_change_set(client, stack, &name, kind, revision).await;
    outcome.map_err(|failure| refused(&failure, bundle))?;
    let made = made(client, stack, &name, bundle).await?;
    if made.status != "CREATE_COMPLETE" {
        cloudformation::delete_change_set(client, stack, &name).await?;
        let reason = made.reason.as_str();
        if reason.contains("didn't contain changes") || reason.contains("No updates are to be performed") {
            return Ok(None);
        }
        return Err(no_change_set(reason, bundle));
    }
    terminal.detail(&format!("Executing change set with {} changes", made.changes));
    let outcome =
        cloudformation::execute_change_set(client, stack, &name, bundle.deployment.disable_rollback).await;
    outcome.map_err(|failure| refused(&failure, bundle))?;
    Ok(Some(made.stack_id))
}

/// Waits until a change set is made, or is known not to be.
async fn made(client: &Client, stack: &str, name: &str, bundle: &Bundle) -> Result<ChangeSet, Failure> {
    let mut pause = Pause::new();
    loop {
        let described = cloudformation::describe_change_set(client, stack, name).await;
        let made = described.map_err(|failure| refused(&failure, bundle))?;
        if !matches!(made.status.as_str(), "CREATE_PENDING" | "CREATE_IN_PROGRESS") {
            return Ok(made);
        }
        pause.rest("the change set").await?;
    }
}

/// One of its own for each deployment: two at once do not take each other's, and what a deployment that was cut off left
/// behind is in nobody's way. CloudFormation throws it away with the next change that is carried out.
fn name_of(client: &Client, what: &str) -> String {
    format!("{what}-{}-{}", client.now_millis(), std::process::id())
}
