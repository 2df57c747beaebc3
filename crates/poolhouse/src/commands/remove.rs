//! `poolhouse remove`: the stack goes with all that is in it. What stays, because a policy or a protection says so, is
//! named.

use serde_json::{Value, json};
use serverless::Service;

use super::Context;
use crate::{
    aws::{
        Client,
        cloudformation::{self, Stack, StackEvent},
        cognito, s3,
    },
    cli,
    deployment::{Followed, follow, newest_event},
    failure::Failure,
    terminal::Terminal,
};

pub async fn run(args: &cli::Remove) -> Result<(), Failure> {
    let context = Context::new(args.common.json, args.common.verbose);
    let service = context.service(&args.service, &args.common).await?;
    let client = context.client(&args.service, &args.common, &service)?;
    if !args.common.json {
        context
            .terminal
            .line(&format!("Removing {} from stage {} ({})", service.name, service.stage, service.region));
    }
    let name = service.stack_name();
    let Some(stack) = cloudformation::describe_stack(&client, &name).await? else {
        context.terminal.say(&format!("There is no stack {name}: nothing to remove"));
        context.terminal.document(&document(&service, false, &[]));
        return Ok(());
    };
    empty_bucket(&client, &service, &context.terminal).await?;
    let kept = delete(&client, &service, &stack, &context.terminal).await?;
    let mut text = format!(
        "{} Service {} was removed from stage {} {}",
        context.terminal.good("✔"),
        service.name,
        service.stage,
        context.terminal.dim(&format!("({})", context.terminal.seconds()))
    );
    for one in &kept {
        text.push_str(&format!(
            "\n  stays: {} ({}, {}): {}",
            one.logical_id, one.kind, one.physical_id, one.reason
        ));
    }
    context.terminal.say(&text);
    context.terminal.document(&document(&service, true, &kept));
    Ok(())
}

fn document(service: &Service, removed: bool, kept: &[StackEvent]) -> Value {
    let kept: Vec<Value> = kept
        .iter()
        .map(|one| {
            json!({"logicalId": one.logical_id, "type": one.kind, "physicalId": one.physical_id, "reason": one.reason})
        })
        .collect();
    json!({
        "service": service.name,
        "stage": service.stage,
        "region": service.region,
        "stack": service.stack_name(),
        "removed": removed,
        "kept": kept,
    })
}

/// A bucket with something in it cannot be deleted. In a bucket of someone else's only our own packages go.
async fn empty_bucket(client: &Client, service: &Service, terminal: &Terminal) -> Result<(), Failure> {
    let (bucket, prefix) = match service.deployment_bucket() {
        Some(bucket) => (bucket.to_owned(), format!("{}/", service.artifact_prefix())),
        None => {
            let resources = cloudformation::resources(client, &service.stack_name()).await?;
            let own =
                resources.into_iter().find(|resource| resource.logical_id == "ServerlessDeploymentBucket");
            match own.map(|resource| resource.physical_id).filter(|name| !name.is_empty()) {
                Some(bucket) => (bucket, String::new()),
                None => return Ok(()),
            }
        }
    };
    if !s3::bucket_exists(client, &bucket).await? {
        return Ok(());
    }
    terminal.step("Removing objects from S3 bucket");
    let keys = s3::keys(client, &bucket, &prefix).await?;
    s3::delete(client, &bucket, &keys).await?;
    Ok(())
}

/// Gives what stays.
async fn delete(
    client: &Client,
    service: &Service,
    stack: &Stack,
    terminal: &Terminal,
) -> Result<Vec<StackEvent>, Failure> {
    terminal.step("Removing CloudFormation stack");
    let role = service.deployment().role_arn;
    let mut kept = Vec::new();
    let mut retain: Vec<String> = Vec::new();
    // A protected pool makes the first attempt fail; the second one leaves it where it is.
    for _ in 0..2 {
        let since = newest_event(client, &stack.id).await?;
        cloudformation::delete_stack(client, &stack.id, role.as_deref(), &retain).await?;
        let followed = follow(client, &stack.id, since.as_deref(), terminal, "Removing").await?;
        add_kept(&mut kept, followed.kept.iter().cloned().map(by_policy));
        if followed.status == "DELETE_COMPLETE" {
            return Ok(kept);
        }
        let protected = protected_pools(client, &followed).await?;
        if protected.is_empty() || protected.len() < distinct(&followed.failures) {
            return Err(failed(&followed, &stack_name(service)));
        }
        retain = protected.iter().map(|event| event.logical_id.clone()).collect();
        add_kept(&mut kept, protected.into_iter());
    }
    Err(Failure::tried(format!("the stack {} could not be removed", stack_name(service))))
}

fn stack_name(service: &Service) -> String {
    service.stack_name()
}

fn add_kept(kept: &mut Vec<StackEvent>, more: impl Iterator<Item = StackEvent>) {
    // A version is retained so that updates keep it; it goes with its function all the same.
    for event in more.filter(|event| event.kind != "AWS::Lambda::Version") {
        if !kept.iter().any(|known| known.logical_id == event.logical_id) {
            kept.push(event);
        }
    }
}

fn by_policy(event: StackEvent) -> StackEvent {
    StackEvent { reason: String::from("DeletionPolicy is Retain"), ..event }
}

fn distinct(events: &[StackEvent]) -> usize {
    events.iter().map(|event| &event.logical_id).collect::<std::collections::BTreeSet<_>>().len()
}

/// Those of the failed deletions that failed because the pool is protected.
async fn protected_pools(client: &Client, followed: &Followed) -> Result<Vec<StackEvent>, Failure> {
    let mut protected: Vec<StackEvent> = Vec::new();
    for event in followed.failures.iter().filter(|event| event.kind == "AWS::Cognito::UserPool") {
        let pool = cognito::pool(client, &event.physical_id).await?;
        if pool.is_some_and(|pool| pool["DeletionProtection"] == "ACTIVE") {
            let event = StackEvent { reason: String::from("DeletionProtection is ACTIVE"), ..event.clone() };
            add_kept(&mut protected, std::iter::once(event));
        }
    }
    Ok(protected)
}

fn failed(followed: &Followed, name: &str) -> Failure {
    let mut details = Vec::new();
    for event in &followed.failures {
        details.push(format!("  {} ({}, {})", event.logical_id, event.kind, event.physical_id));
        details.extend(event.reason.lines().map(|line| format!("    {line}")));
    }
    Failure::tried(format!("the stack {name} could not be removed ({})", followed.status)).details(details)
}
