//! A deployment, step by step as the Serverless Framework takes them: a stack with a bucket, the packages into the bucket,
//! the template checked, a change set, its events until the end. All of it through AWS's APIs.

mod bundle;
mod changes;
mod cleanup;
mod events;
mod upload;
mod wait;

pub use bundle::Bundle;
pub use events::{Followed, follow};
pub use wait::{Pause, newest_event};

use serde_json::Value;

use crate::{
    aws::{
        AwsFailure, Client,
        cloudformation::{self, ChangeSet, Revision, Stack, Template},
    },
    failure::Failure,
    terminal::Terminal,
};

#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Deploy even if nothing changed.
    pub force: bool,
    /// Logical ids of user pools that may be replaced.
    pub replace_user_pools: Vec<String>,
}

/// Whether there was anything to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Deployed,
    NothingChanged,
}

/// The server's tag by which a caller lets a user pool be replaced.
const REPLACE_TAG: &str = "poolhouse:replace-user-pool";
/// CloudFormation takes templates up to here in the request itself.
const LARGEST_BODY: usize = 51_200;

pub async fn deploy(
    client: &Client,
    bundle: &Bundle,
    wishes: &Wishes,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    check_types(client, bundle).await?;
    terminal.step("Retrieving CloudFormation stack");
    let stack = cloudformation::describe_stack(client, &bundle.stack_name).await?;
    check_status(stack.as_ref(), &bundle.stack_name)?;
    let mut revision = revision(bundle, wishes);
    let mut stack = stack.filter(|stack| stack.status != "REVIEW_IN_PROGRESS");
    if stack.is_none()
        && let Some(template) = &bundle.template_create
    {
        if !bundle.deployment.direct {
            rehearse(client, bundle, &revision, terminal).await?;
        }
        create(client, bundle, &revision, template, terminal).await?;
        stack = cloudformation::describe_stack(client, &bundle.stack_name).await?;
    }
    let bucket = bucket(client, bundle, terminal).await?;
    if let Some(stack) = &stack
        && !wishes.force
        && changes::nothing_changed(client, bundle, stack, &revision, &bucket).await?
    {
        return Ok(Outcome::NothingChanged);
    }
    let url = upload::everything(client, bundle, &bucket, terminal).await?;
    revision.template = Template::Url(url);
    cloudformation::validate_template(client, &revision.template)
        .await
        .map_err(|failure| invalid(&failure, bundle))?;
    let outcome = change(client, bundle, &revision, stack.as_ref(), terminal).await?;
    cleanup::old_deployments(client, bundle, &bucket, terminal).await?;
    Ok(outcome)
}

/// All that CloudFormation will not know is told at its line before anything is touched. Only the types are sent: a
/// whole template may be too large for one request.
async fn check_types(client: &Client, bundle: &Bundle) -> Result<(), Failure> {
    let mut types = serde_json::Map::new();
    for (id, resource) in bundle.template_update["Resources"].as_object().into_iter().flatten() {
        if let Some(kind) = resource["Type"].as_str() {
            types.insert(id.clone(), serde_json::json!({"Type": kind}));
        }
    }
    let mut skeleton = serde_json::json!({"Resources": types});
    if bundle.template_update.to_string().len() <= LARGEST_BODY {
        skeleton = bundle.template_update.clone();
    }
    let body = skeleton.to_string();
    if body.len() > LARGEST_BODY {
        return Ok(());
    }
    let outcome = cloudformation::validate_template(client, &Template::Body(body)).await;
    outcome.map_err(|failure| invalid(&failure, bundle))
}

/// A first deployment makes a bucket before the whole template is looked at. So that a mistake in it leaves nothing
/// behind, the template is tried as a change set first, which is not executed.
async fn rehearse(
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
    let (stack, name) = (bundle.stack_name.as_str(), format!("{}-rehearsal", bundle.stack_name));
    let whole = Revision { template: Template::Body(body), ..revision.clone() };
    let made = async {
        let outcome = cloudformation::create_change_set(client, stack, &name, "CREATE", &whole).await;
        outcome.map_err(|failure| refused(&failure, bundle))?;
        made(client, stack, &name).await
    };
    let change_set = made.await?;
    cloudformation::delete_change_set(client, stack, &name).await?;
    if change_set.status == "CREATE_COMPLETE" {
        return Ok(());
    }
    // The stack that a change set brings into being has nothing in it.
    cloudformation::delete_stack(client, stack, None, &[]).await?;
    Err(no_change_set(&change_set.reason, bundle))
}

/// The template's own faults are the file's: they are shown where they were written.
fn invalid(failure: &AwsFailure, bundle: &Bundle) -> Failure {
    if failure.code() != "ValidationError" {
        return Failure { help: failure.help(), ..Failure::tried(failure.to_string()) };
    }
    Failure::wrong("CloudFormation cannot take the template; nothing was touched")
        .details(explained(&failure.message(), bundle))
}

/// A message about a template, without the lines and columns of the JSON that nobody wrote, and with those of the file.
fn explained(message: &str, bundle: &Bundle) -> Vec<String> {
    let in_json = |line: &str| {
        let rest = line.trim_start().strip_prefix("line ")?;
        let (place, said) = rest.split_once(": ")?;
        place.chars().all(|c| c.is_ascii_digit() || " ,column".contains(c)).then(|| format!("  {said}"))
    };
    let mut details: Vec<String> =
        message.lines().map(|line| in_json(line).unwrap_or_else(|| format!("  {line}"))).collect();
    details.extend(bundle.places_named_in(message));
    details
}

fn check_status(stack: Option<&Stack>, name: &str) -> Result<(), Failure> {
    let Some(stack) = stack else { return Ok(()) };
    match stack.status.as_str() {
        "REVIEW_IN_PROGRESS" => Ok(()),
        status if status.ends_with("_IN_PROGRESS") => Err(Failure::tried(format!(
            "the stack {name} is being changed by someone else just now ({status}); nothing was touched"
        ))
        .help("wait until that is done, then deploy again")),
        "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED" | "CREATE_FAILED" => {
            Err(Failure::tried(format!(
                "the stack {name} never came to be ({}); CloudFormation can only remove it",
                stack.status
            ))
            .help("run 'poolhouse remove' with the same stage, then deploy again"))
        }
        _ => Ok(()),
    }
}

fn revision(bundle: &Bundle, wishes: &Wishes) -> Revision {
    let mut tags = bundle.deployment.tags.clone();
    if !wishes.replace_user_pools.is_empty() {
        tags.insert(REPLACE_TAG.to_owned(), wishes.replace_user_pools.join(" "));
    }
    Revision {
        template: Template::Body(String::new()),
        tags,
        parameters: bundle.deployment.parameters.clone(),
        role_arn: bundle.deployment.role_arn.clone(),
        disable_rollback: bundle.deployment.disable_rollback,
        has_transform: bundle.template_update.get("Transform").is_some(),
    }
}

async fn create(
    client: &Client,
    bundle: &Bundle,
    revision: &Revision,
    template: &Value,
    terminal: &Terminal,
) -> Result<(), Failure> {
    terminal.step("Creating CloudFormation stack");
    let first = Revision {
        template: Template::Body(template.to_string()),
        parameters: std::collections::BTreeMap::new(),
        ..revision.clone()
    };
    let (id, since) = if bundle.deployment.direct {
        let id = cloudformation::create_stack(client, &bundle.stack_name, &first).await;
        (id.map_err(|failure| refused(&failure, bundle))?, None)
    } else {
        let id = change_set(client, bundle, &first, "CREATE", terminal).await?;
        (id.ok_or_else(|| Failure::tried("CloudFormation sees nothing to create"))?, None)
    };
    let followed = follow(client, &id, since, terminal, "Creating").await?;
    followed.expect("CREATE_COMPLETE", bundle)
}

/// The service's own bucket, or the stack's.
async fn bucket(client: &Client, bundle: &Bundle, terminal: &Terminal) -> Result<String, Failure> {
    if let Some(bucket) = &bundle.deployment_bucket {
        if cloudformation_sees(client, bucket).await? {
            return Ok(bucket.clone());
        }
        return Err(Failure::tried(format!(
            "there is no bucket '{bucket}', which provider.deploymentBucket names"
        ))
        .help("create it, or leave deploymentBucket out and the stack gets one of its own"));
    }
    let resources = cloudformation::resources(client, &bundle.stack_name).await?;
    let found = resources.into_iter().find(|resource| resource.logical_id == "ServerlessDeploymentBucket");
    let Some(bucket) = found.map(|resource| resource.physical_id) else {
        return Err(Failure::tried(format!("the stack {} has no deployment bucket of its own", bundle.stack_name))
            .help("it was deployed with provider.deploymentBucket; put that back, or remove the stack and deploy again"));
    };
    terminal.detail(&format!("Deployment bucket: {bucket}"));
    if cloudformation_sees(client, &bucket).await? {
        return Ok(bucket);
    }
    Err(Failure::tried(format!("the deployment bucket {bucket} was deleted behind the stack's back"))
        .help("create a bucket of that name, or remove the stack and deploy again"))
}

async fn cloudformation_sees(client: &Client, bucket: &str) -> Result<bool, Failure> {
    Ok(crate::aws::s3::bucket_exists(client, bucket).await?)
}

/// Creates or updates the stack with the whole template.
async fn change(
    client: &Client,
    bundle: &Bundle,
    revision: &Revision,
    stack: Option<&Stack>,
    terminal: &Terminal,
) -> Result<Outcome, Failure> {
    let (name, kind) = (bundle.stack_name.as_str(), if stack.is_some() { "UPDATE" } else { "CREATE" });
    let doing = if stack.is_some() { "Updating" } else { "Creating" };
    terminal.step(&format!("{doing} CloudFormation stack"));
    let since = match stack {
        Some(_) => newest_event(client, name).await?,
        None => None,
    };
    let id = if bundle.deployment.direct {
        let outcome = match stack {
            Some(_) => cloudformation::update_stack(client, name, revision).await,
            None => cloudformation::create_stack(client, name, revision).await,
        };
        match outcome {
            Ok(id) => id,
            Err(failure) if failure.message().contains("No updates are to be performed") => {
                return Ok(Outcome::NothingChanged);
            }
            Err(failure) => return Err(refused(&failure, bundle)),
        }
    } else {
        match change_set(client, bundle, revision, kind, terminal).await? {
            Some(id) => id,
            None => return Ok(Outcome::NothingChanged),
        }
    };
    let followed = follow(client, &id, since.as_deref(), terminal, doing).await?;
    followed.expect(&format!("{kind}_COMPLETE"), bundle)?;
    Ok(Outcome::Deployed)
}

/// Makes a change set and sets it off; gives the stack's id, or `None` where there is nothing to change.
async fn change_set(
    client: &Client,
    bundle: &Bundle,
    revision: &Revision,
    kind: &str,
    terminal: &Terminal,
) -> Result<Option<String>, Failure> {
    let stack = bundle.stack_name.as_str();
    let name = format!("{stack}-change-set");
    if kind == "UPDATE" {
        cloudformation::delete_change_set(client, stack, &name).await?;
    }
    let outcome = cloudformation::create_change_set(client, stack, &name, kind, revision).await;
    outcome.map_err(|failure| refused(&failure, bundle))?;
    let made = made(client, stack, &name).await?;
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
async fn made(client: &Client, stack: &str, name: &str) -> Result<ChangeSet, Failure> {
    let mut pause = Pause::new();
    loop {
        let made = cloudformation::describe_change_set(client, stack, name).await?;
        if !matches!(made.status.as_str(), "CREATE_PENDING" | "CREATE_IN_PROGRESS") {
            return Ok(made);
        }
        pause.rest("the change set").await?;
    }
}

fn no_change_set(reason: &str, bundle: &Bundle) -> Failure {
    let failure = Failure::tried("CloudFormation refuses this change; nothing was changed")
        .details(explained(reason, bundle));
    if reason.contains(REPLACE_TAG) { failure.help(LOSE_THEM) } else { failure }
}

const LOSE_THEM: &str = "to lose those users on purpose: poolhouse deploy --replace-user-pool LOGICAL_ID";

/// CloudFormation would not begin.
fn refused(failure: &AwsFailure, bundle: &Bundle) -> Failure {
    let message = failure.message();
    if message.contains("_IN_PROGRESS") || failure.code() == "OperationInProgressException" {
        return Failure::tried(format!("the stack is being changed by someone else just now: {message}"))
            .help("wait until that is done, then deploy again");
    }
    if message.contains(REPLACE_TAG) {
        return no_change_set(&message, bundle);
    }
    invalid(failure, bundle)
}
