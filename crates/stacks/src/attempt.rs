//! One call to a resource type: within a deadline, again where the failure passes.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::{
    engine::{Engine, Halt},
    resources::{Context, Deed, Failure, Made, Permit, ResourceType},
    rows::{Attribute, Instance, Principal, Properties, StackRow},
};

const ATTEMPTS: u32 = 6;

/// What is to be done to one resource.
pub enum Call {
    /// `follows`: the physical resource it takes the place of, where that must hold nothing that would be lost.
    Create {
        properties: Value,
        follows: Option<String>,
    },
    Update {
        physical_id: String,
        old: Value,
        new: Value,
    },
    Delete {
        physical_id: String,
        properties: Value,
    },
}

pub type Outcome = Result<Option<Made>, Failure>;

/// The call as a future that owns all it needs. `resumed`: it may have run before.
pub fn call(
    engine: Arc<Engine>,
    context: Context,
    resource_type: String,
    call: Call,
) -> BoxFuture<'static, Result<Outcome, Halt>> {
    Box::pin(async move {
        engine.checkpoint("before a call")?;
        let Some(handler) = engine.registry.get(&resource_type).cloned() else {
            return Ok(Err(Failure::internal(
                "CloudFormation",
                format!("Unrecognized resource type {resource_type}"),
            )));
        };
        let outcome = until_it_stands(&engine, handler.as_ref(), context, &call).await;
        engine.checkpoint("after a call")?;
        Ok(outcome)
    })
}

async fn until_it_stands(
    engine: &Engine,
    handler: &dyn ResourceType,
    mut context: Context,
    call: &Call,
) -> Outcome {
    let mut pause = engine.config.retry_pause;
    let mut attempt = 1;
    loop {
        let deadline = engine.config.resource_deadline;
        let outcome = match tokio::time::timeout(deadline, permitted(engine, handler, &context, call)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(late(deadline)),
        };
        match outcome {
            Err(failure) if failure.passes() && attempt < ATTEMPTS => {
                tokio::time::sleep(pause).await;
                pause *= 2;
                attempt += 1;
                context.resumed = true;
            }
            done => return done,
        }
    }
}

/// The engine acts with the rights of whoever asked it to.
async fn permitted(engine: &Engine, handler: &dyn ResourceType, context: &Context, call: &Call) -> Outcome {
    let permits = match call {
        Call::Create { properties, .. } => handler.permits(Deed::Create, context, "", properties),
        Call::Update { physical_id, new, .. } => handler.permits(Deed::Update, context, physical_id, new),
        Call::Delete { physical_id, properties } => {
            handler.permits(Deed::Delete, context, physical_id, properties)
        }
    };
    for Permit { action, resource } in permits {
        let allowed = engine.authority.allows(&context.principal, &action, &resource).await;
        allowed.map_err(|why| Failure::not_allowed("CloudFormation", why))?;
    }
    attempted(handler, context, call).await
}

async fn attempted(handler: &dyn ResourceType, context: &Context, call: &Call) -> Outcome {
    match call {
        Call::Create { properties, follows } => {
            if let Some(former) = follows
                && let Some(held) = handler.holds(context, former).await?
            {
                let id = &context.logical_id;
                return Err(Failure::invalid(
                    "CloudFormation",
                    format!("{former} ({id}) is not replaced: {held} would be lost"),
                ));
            }
            handler.create(context, properties).await.map(Some)
        }
        Call::Update { physical_id, old, new } => {
            handler.update(context, physical_id, old, new).await.map(Some)
        }
        Call::Delete { physical_id, properties } => {
            match handler.delete(context, physical_id, properties).await {
                Err(failure) if failure.is_not_found() => Ok(None),
                Err(failure) => Err(failure),
                Ok(()) => Ok(None),
            }
        }
    }
}

fn late(deadline: Duration) -> Failure {
    Failure::internal(
        "CloudFormation",
        format!("Exceeded attempts to wait: no answer within {} s", deadline.as_secs()),
    )
}

pub fn context(
    engine: &Engine,
    stack: &StackRow,
    logical_id: &str,
    instance: &Instance,
    resumed: bool,
) -> Context {
    let principal = stack.operation.as_ref().map(|operation| operation.principal.clone()).unwrap_or_default();
    Context {
        account: engine.config.account.to_string(),
        region: engine.config.region.to_string(),
        stack_id: stack.arn.clone(),
        stack_name: stack.name.clone(),
        logical_id: logical_id.to_owned(),
        token: instance.token.clone(),
        name: instance.name.clone(),
        tags: instance.tags.clone(),
        principal: Principal { ..principal },
        resumed,
        leaving: std::sync::Arc::default(),
    }
}

/// The instance as it is after a call that made or changed it.
pub fn settled(engine: &Engine, instance: &Instance, properties: Properties, made: Made) -> Instance {
    let secret = engine
        .registry
        .get(&instance.resource_type)
        .map(|handler| handler.secret_attributes())
        .unwrap_or_default();
    let attributes: BTreeMap<String, Attribute> = made
        .attributes
        .into_iter()
        .map(|(name, value)| {
            let secret = secret.contains(&name.as_str());
            (name, Attribute { value, secret })
        })
        .collect();
    Instance { physical_id: Some(made.physical_id), properties, attributes, dirty: false, ..instance.clone() }
}
