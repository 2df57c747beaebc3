//! A deployment, step by step as the Serverless Framework takes them: a stack with a bucket, the packages into the bucket,
//! the template checked, a change set, its events until the end. All of it through AWS's APIs.

mod bundle;
mod change_set;
mod changes;
mod cleanup;
mod events;
mod refusal;
mod upload;
mod wait;

pub use bundle::Bundle;
pub use events::{Followed, follow};
pub use wait::newest_event;

use change_set::{change_set, rehearse};
use refusal::{being_changed, invalid, refused};

use serde_json::Value;

use crate::{
    aws::{
        Client,
        cloudformation::{self, Revision, Stack, Template},
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

fn check_status(stack: Option<&Stack>, name: &str) -> Result<(), Failure> {
    let Some(stack) = stack else { return Ok(()) };
    match stack.status.as_str() {
        "REVIEW_IN_PROGRESS" => Ok(()),
        status if status.ends_with("_IN_PROGRESS") => Err(being_changed(name, &format!("it is {status}"))),
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
