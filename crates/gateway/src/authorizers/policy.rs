//! The policies that the gateway itself asks: what a lambda authorizer answered, and an API's resource policy
//! (Amazon API Gateway Developer Guide, "How API Gateway resource policies affect authorization workflow").

use std::sync::Arc;

use iam::{
    Context,
    policy::{Actor, Decision, Denial, Kind, Policies, Policy},
};
use serde_json::Value;

use crate::{payload::context::Exchange, responses::Refusal};

/// The one action of a deployed API.
pub const INVOKE: &str = "execute-api:Invoke";

/// What a lambda authorizer answered.
pub fn read_verdict(document: &Value) -> Result<Arc<Policy>, String> {
    Policy::from_json(document, Kind::Identity).map(Arc::new).map_err(|cause| cause.to_string())
}

/// An API's own policy. `arn` is the API's: resources may be given short, as `execute-api:/dev/GET/users`.
pub fn read_resource_policy(document: &Value, arn: &str) -> Result<Policy, String> {
    let mut document = document.clone();
    let statements = document.get_mut("Statement");
    let statements = match statements {
        Some(Value::Array(statements)) => statements.as_mut_slice(),
        Some(statement) => std::slice::from_mut(statement),
        None => &mut [],
    };
    for statement in statements {
        for member in ["Resource", "NotResource"] {
            match statement.get_mut(member) {
                Some(Value::Array(resources)) => {
                    resources.iter_mut().for_each(|resource| lengthen(resource, arn))
                }
                Some(resource) => lengthen(resource, arn),
                None => {}
            }
        }
    }
    Policy::from_json(&document, Kind::Resource).map_err(|cause| cause.to_string())
}

fn lengthen(resource: &mut Value, arn: &str) {
    if let Some(rest) = resource.as_str().and_then(|text| text.strip_prefix("execute-api:")) {
        *resource = Value::String(format!("{arn}/{}", rest.trim_start_matches('/')));
    }
}

/// What policies may ask of a request ("AWS condition keys that can be used in API Gateway resource policies").
pub fn context(exchange: &Exchange<'_>) -> Context {
    let now = exchange.received_at.seconds();
    let mut context = Context::default()
        .with("aws:SourceIp", &exchange.request.source_ip)
        .with("aws:SecureTransport", exchange.request.secure.to_string())
        .with("aws:EpochTime", now.to_string())
        .with("aws:CurrentTime", crate::payload::times::iso(exchange.received_at));
    for (key, name) in [("aws:UserAgent", "user-agent"), ("aws:Referer", "referer")] {
        if let Some(value) = exchange.header(name) {
            context = context.with(key, value);
        }
    }
    context
}

/// Before a lambda authorizer is asked: the API's policy may already say no.
pub fn refuse_denied(exchange: &Exchange<'_>) -> Result<(), Refusal> {
    match decide_alone(exchange) {
        Some(Decision::Denied(denial @ Denial::Explicit(_))) => Err(anonymous(exchange, denial)),
        _ => Ok(()),
    }
}

/// For methods that no other policy guards: the API's policy, where there is one, must allow.
pub fn require_allowed(exchange: &Exchange<'_>) -> Result<(), Refusal> {
    match decide_alone(exchange) {
        None | Some(Decision::Allowed) => Ok(()),
        Some(Decision::Denied(denial)) => Err(anonymous(exchange, denial)),
    }
}

fn decide_alone(exchange: &Exchange<'_>) -> Option<Decision> {
    let policy = exchange.stage.policy.as_ref()?;
    Some(decide(Policies { resource: Some(policy), ..Policies::default() }, exchange))
}

/// A denial of any name of the method counts, and then an allowance of any.
fn decide(policies: Policies<'_>, exchange: &Exchange<'_>) -> Decision {
    let context = context(exchange);
    let ask = |arn: String| iam::policy::decide(policies, Actor::Anonymous, INVOKE, &arn, &context);
    let by_path = ask(exchange.method_arn());
    match (by_path, without_colons(exchange).map(ask)) {
        (denied @ Decision::Denied(Denial::Explicit(_)), _)
        | (_, Some(denied @ Decision::Denied(Denial::Explicit(_)))) => denied,
        (_, Some(Decision::Allowed)) => Decision::Allowed,
        (by_path, _) => by_path,
    }
}

/// The method's ARN once more, for paths with a colon: in policies a star stops at colons, so that a caller who puts one
/// into a parameter would get out from under `Deny … GET/*/secret`. In this form there is none to stop at.
pub fn without_colons(exchange: &Exchange<'_>) -> Option<String> {
    let path = exchange.path.for_arn();
    let escaped = path.contains(':').then(|| path.replace(':', "%3A"))?;
    Some(format!("{}/{}/{escaped}", exchange.stage.arn, exchange.request.head.method))
}

/// What a lambda authorizer answered, together with the API's policy: either may allow, any may deny.
pub fn require_verdict(exchange: &Exchange<'_>, verdict: &Arc<Policy>) -> Result<(), Refusal> {
    let policies = Policies {
        identity: std::slice::from_ref(verdict),
        resource: exchange.stage.policy.as_ref(),
        ..Policies::default()
    };
    match decide(policies, exchange) {
        Decision::Allowed => Ok(()),
        Decision::Denied(Denial::Explicit(_)) => Err(Refusal::access_denied(
            "User is not authorized to access this resource with an explicit deny",
        )),
        Decision::Denied(Denial::Missing(_)) => {
            Err(Refusal::access_denied("User is not authorized to access this resource"))
        }
    }
}

/// AWS shows the last four digits of the account only.
fn anonymous(exchange: &Exchange<'_>, denial: Denial) -> Refusal {
    let account = &exchange.stage.account;
    let hidden = format!("********{}", account.get(8..).unwrap_or_default());
    let arn = exchange.method_arn().replacen(account.as_str(), &hidden, 1);
    let how = if matches!(denial, Denial::Explicit(_)) { " with an explicit deny" } else { "" };
    Refusal::access_denied(format!(
        "User: anonymous is not authorized to perform: {INVOKE} on resource: {arn}{how}"
    ))
}
