//! What requests bring along, put into the engine's words: templates, parameters, tags, the caller.

use base::{AwsError, Caller, Identity, PageToken};
use facts::cloudformation as api;

use super::words;
use crate::{
    Stacks,
    desired::REPLACE_TAG,
    parameters::Given,
    rows::{Principal, Revision, Tag},
    template::{MAX_BODY_BYTES, MAX_TEMPLATE_BYTES},
};

pub fn principal(caller: &Caller) -> Result<Principal, AwsError> {
    match &caller.identity {
        Identity::Principal { account, arn, user_id } => {
            Ok(Principal { account: account.clone(), arn: arn.clone(), user_id: user_id.clone() })
        }
        Identity::Anonymous => Err(words::access_denied("Missing Authentication Token")),
    }
}

/// Whoever the engine is to act as: the service role where one is given and may be passed, else the caller.
pub async fn acting(stacks: &Stacks, caller: &Caller, role_arn: Option<&str>) -> Result<Principal, AwsError> {
    let principal = principal(caller)?;
    let Some(role) = role_arn else { return Ok(principal) };
    stacks.authority().allows(&principal, "iam:PassRole", role).await.map_err(words::access_denied)?;
    stacks.authority().role(role).await.map_err(words::invalid)
}

/// The template's text from the body or the bucket; `None` where the request gives neither.
pub async fn template(
    stacks: &Stacks,
    caller: &Caller,
    body: Option<String>,
    url: Option<String>,
) -> Result<Option<String>, AwsError> {
    let text = match (body, url) {
        (Some(_), Some(_)) => {
            return Err(words::invalid("Either Template URL or Template Body must be specified, not both."));
        }
        (Some(body), None) if body.len() > MAX_BODY_BYTES => {
            return Err(words::invalid(format!(
                "1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to {MAX_BODY_BYTES}"
            )));
        }
        (Some(body), None) => body,
        (None, Some(url)) => stacks.template_at(&principal(caller)?, &url).await?,
        (None, None) => return Ok(None),
    };
    if text.len() > MAX_TEMPLATE_BYTES {
        return Err(words::invalid(format!("Template may not exceed {MAX_TEMPLATE_BYTES} bytes in size.")));
    }
    Ok(Some(text))
}

pub fn no_template() -> AwsError {
    words::invalid("Either Template URL or Template Body must be specified.")
}

pub fn parameters(given: Option<Vec<api::Parameter>>) -> Vec<Given> {
    given
        .unwrap_or_default()
        .into_iter()
        .map(|one| Given {
            parameter_key: one.parameter_key.unwrap_or_default(),
            parameter_value: one.parameter_value,
            use_previous_value: one.use_previous_value,
        })
        .collect()
}

/// A name for a stack that is not there yet.
pub fn new_name(name: &str) -> Result<(), AwsError> {
    let constraint = if name.len() > 128 {
        "Member must have length less than or equal to 128"
    } else if !name.starts_with(|first: char| first.is_ascii_alphabetic())
        || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    {
        "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
    } else {
        return Ok(());
    };
    Err(words::invalid(format!(
        "1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: {constraint}"
    )))
}

/// Of a request that says nothing of tags: those from before, but for the leave to replace what has users in it, which
/// was given for one update.
pub fn kept_tags(before: &Revision) -> Vec<Tag> {
    before.tags.iter().filter(|tag| tag.key != REPLACE_TAG).cloned().collect()
}

pub fn tags(given: Vec<api::Tag>) -> Result<Vec<Tag>, AwsError> {
    if given.len() > 50 {
        return Err(words::invalid("Number of tags must be less than or equal to 50"));
    }
    let mut tags: Vec<Tag> = Vec::with_capacity(given.len());
    for tag in given {
        if tag.key.starts_with("aws:") {
            return Err(words::invalid("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if tags.iter().any(|known| known.key == tag.key) {
            return Err(words::invalid("Duplicate tag keys are not allowed"));
        }
        tags.push(Tag { key: tag.key, value: tag.value });
    }
    Ok(tags)
}

pub fn page(token: Option<String>) -> Result<Option<PageToken>, AwsError> {
    token
        .map(|token| PageToken::from_wire(&token))
        .transpose()
        .map_err(|_| words::invalid("Invalid NextToken"))
}

/// What `RollbackConfiguration` may hold here: nothing that would have to be watched.
pub fn no_triggers(configuration: Option<api::RollbackConfiguration>) -> Result<(), AwsError> {
    match configuration.and_then(|configuration| configuration.rollback_triggers) {
        Some(triggers) if !triggers.is_empty() => {
            Err(words::invalid("RollbackTriggers are not supported: there are no alarms here to watch"))
        }
        _ => Ok(()),
    }
}

/// Topics are remembered and shown; nothing is sent to them.
pub fn notifications(arns: Option<Vec<String>>) -> Vec<String> {
    let arns = arns.unwrap_or_default();
    if !arns.is_empty() {
        tracing::warn!("NotificationARNs are kept, but stack events are not sent to topics");
    }
    arns
}
