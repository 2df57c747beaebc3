//! AWS CloudFormation, by the query protocol.

use std::collections::BTreeMap;

use super::{AwsFailure, Client, sts::post, xml::Element};

#[derive(Clone, Debug, Default)]
pub struct Stack {
    pub id: String,
    pub status: String,
    pub outputs: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub parameters: BTreeMap<String, String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub logical_id: String,
    pub physical_id: String,
    pub kind: String,
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackEvent {
    pub id: String,
    pub logical_id: String,
    pub physical_id: String,
    pub kind: String,
    pub status: String,
    pub reason: String,
}

#[derive(Clone, Debug, Default)]
pub struct ChangeSet {
    pub stack_id: String,
    pub status: String,
    pub reason: String,
    pub changes: usize,
}

/// Where a template is taken from.
#[derive(Clone, Debug)]
pub enum Template {
    Body(String),
    Url(String),
}

/// What a stack is created or changed with.
#[derive(Clone, Debug)]
pub struct Revision {
    pub template: Template,
    pub tags: BTreeMap<String, String>,
    pub parameters: BTreeMap<String, String>,
    pub role_arn: Option<String>,
    pub disable_rollback: bool,
    pub has_transform: bool,
}

impl Revision {
    fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut add = |name: String, value: &str| pairs.push((name, value.to_owned()));
        match &self.template {
            Template::Body(body) => add(String::from("TemplateBody"), body),
            Template::Url(url) => add(String::from("TemplateURL"), url),
        }
        let mut capabilities = vec!["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"];
        if self.has_transform {
            capabilities.push("CAPABILITY_AUTO_EXPAND");
        }
        for (index, capability) in capabilities.iter().enumerate() {
            add(format!("Capabilities.member.{}", index + 1), capability);
        }
        for (index, (key, value)) in self.tags.iter().enumerate() {
            add(format!("Tags.member.{}.Key", index + 1), key);
            add(format!("Tags.member.{}.Value", index + 1), value);
        }
        for (index, (key, value)) in self.parameters.iter().enumerate() {
            add(format!("Parameters.member.{}.ParameterKey", index + 1), key);
            add(format!("Parameters.member.{}.ParameterValue", index + 1), value);
        }
        if let Some(role) = &self.role_arn {
            add(String::from("RoleARN"), role);
        }
        pairs
    }
}

async fn call(client: &Client, action: &str, pairs: Vec<(String, String)>) -> Result<Element, AwsFailure> {
    let mut all = vec![("Action", action.to_owned()), ("Version", String::from("2010-05-15"))];
    all.extend(pairs.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let root = post(client, "cloudformation", &all).await?;
    Ok(root.find(&format!("{action}Result")).cloned().unwrap_or(root))
}

fn named(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// `None` where there is no such stack.
pub async fn describe_stack(client: &Client, name: &str) -> Result<Option<Stack>, AwsFailure> {
    let result = match call(client, "DescribeStacks", named(&[("StackName", name)])).await {
        Ok(result) => result,
        Err(failure) if failure.says_missing() => return Ok(None),
        Err(failure) => return Err(failure),
    };
    let Some(stack) = result.members("Stacks").first() else { return Ok(None) };
    let map = |list: &str, key: &str, value: &str| -> BTreeMap<String, String> {
        let pair = |member: &Element| (member.text_of(key).to_owned(), member.text_of(value).to_owned());
        stack.members(list).iter().map(pair).collect()
    };
    Ok(Some(Stack {
        id: stack.text_of("StackId").to_owned(),
        status: stack.text_of("StackStatus").to_owned(),
        outputs: map("Outputs", "OutputKey", "OutputValue"),
        tags: map("Tags", "Key", "Value"),
        parameters: map("Parameters", "ParameterKey", "ParameterValue"),
    }))
}

pub async fn create_stack(client: &Client, name: &str, revision: &Revision) -> Result<String, AwsFailure> {
    let mut pairs = named(&[("StackName", name)]);
    pairs.extend(revision.pairs());
    let (key, value) =
        if revision.disable_rollback { ("DisableRollback", "true") } else { ("OnFailure", "DELETE") };
    pairs.extend(named(&[(key, value)]));
    Ok(call(client, "CreateStack", pairs).await?.text_of("StackId").to_owned())
}

pub async fn update_stack(client: &Client, name: &str, revision: &Revision) -> Result<String, AwsFailure> {
    let mut pairs = named(&[("StackName", name)]);
    pairs.extend(revision.pairs());
    if revision.disable_rollback {
        pairs.extend(named(&[("DisableRollback", "true")]));
    }
    Ok(call(client, "UpdateStack", pairs).await?.text_of("StackId").to_owned())
}

/// `retain` names resources that stay; only a stack whose deletion failed takes it.
pub async fn delete_stack(
    client: &Client,
    name: &str,
    role_arn: Option<&str>,
    retain: &[String],
) -> Result<(), AwsFailure> {
    let mut pairs = named(&[("StackName", name)]);
    for (index, id) in retain.iter().enumerate() {
        pairs.push((format!("RetainResources.member.{}", index + 1), id.clone()));
    }
    pairs.extend(role_arn.map(|role| (String::from("RoleARN"), role.to_owned())));
    call(client, "DeleteStack", pairs).await.map(|_| ())
}

pub async fn create_change_set(
    client: &Client,
    stack: &str,
    change_set: &str,
    kind: &str,
    revision: &Revision,
) -> Result<(), AwsFailure> {
    let mut pairs = named(&[("StackName", stack), ("ChangeSetName", change_set), ("ChangeSetType", kind)]);
    pairs.extend(revision.pairs());
    call(client, "CreateChangeSet", pairs).await.map(|_| ())
}

pub async fn describe_change_set(
    client: &Client,
    stack: &str,
    change_set: &str,
) -> Result<ChangeSet, AwsFailure> {
    let pairs = named(&[("StackName", stack), ("ChangeSetName", change_set)]);
    let result = call(client, "DescribeChangeSet", pairs).await?;
    Ok(ChangeSet {
        stack_id: result.text_of("StackId").to_owned(),
        status: result.text_of("Status").to_owned(),
        reason: result.text_of("StatusReason").to_owned(),
        changes: result.members("Changes").len(),
    })
}

pub async fn execute_change_set(
    client: &Client,
    stack: &str,
    change_set: &str,
    disable_rollback: bool,
) -> Result<(), AwsFailure> {
    let mut pairs = named(&[("StackName", stack), ("ChangeSetName", change_set)]);
    if disable_rollback {
        pairs.extend(named(&[("DisableRollback", "true")]));
    }
    call(client, "ExecuteChangeSet", pairs).await.map(|_| ())
}

pub async fn delete_change_set(client: &Client, stack: &str, change_set: &str) -> Result<(), AwsFailure> {
    let pairs = named(&[("StackName", stack), ("ChangeSetName", change_set)]);
    match call(client, "DeleteChangeSet", pairs).await {
        Err(failure) if failure.says_missing() || failure.code() == "ChangeSetNotFound" => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

pub async fn validate_template(client: &Client, template: &Template) -> Result<(), AwsFailure> {
    let pairs = match template {
        Template::Body(body) => named(&[("TemplateBody", body)]),
        Template::Url(url) => named(&[("TemplateURL", url)]),
    };
    call(client, "ValidateTemplate", pairs).await.map(|_| ())
}

/// The template the stack was last deployed with, as it was given.
pub async fn get_template(client: &Client, stack: &str) -> Result<String, AwsFailure> {
    let pairs = named(&[("StackName", stack), ("TemplateStage", "Original")]);
    Ok(call(client, "GetTemplate", pairs)
        .await?
        .child("TemplateBody")
        .map(|body| body.text.clone())
        .unwrap_or_default())
}

/// Newest first, back to the event `until` or the beginning.
pub async fn events_since(
    client: &Client,
    stack: &str,
    until: Option<&str>,
) -> Result<Vec<StackEvent>, AwsFailure> {
    const MOST_PAGES: usize = 50;
    let mut events = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut pairs = named(&[("StackName", stack)]);
        pairs.extend(next.take().map(|token| (String::from("NextToken"), token)));
        let result = call(client, "DescribeStackEvents", pairs).await?;
        for event in stack_events(&result) {
            if until.is_some_and(|until| until == event.id) {
                return Ok(events);
            }
            events.push(event);
        }
        match result.text_of("NextToken") {
            "" => break,
            token => next = Some(token.to_owned()),
        }
    }
    Ok(events)
}

/// The first page of them.
pub async fn newest_events(client: &Client, stack: &str) -> Result<Vec<StackEvent>, AwsFailure> {
    let result = call(client, "DescribeStackEvents", named(&[("StackName", stack)])).await?;
    Ok(stack_events(&result).collect())
}

fn stack_events(result: &Element) -> impl Iterator<Item = StackEvent> {
    result.members("StackEvents").iter().map(|member| {
        let text = |name: &str| member.text_of(name).to_owned();
        StackEvent {
            id: text("EventId"),
            logical_id: text("LogicalResourceId"),
            physical_id: text("PhysicalResourceId"),
            kind: text("ResourceType"),
            status: text("ResourceStatus"),
            reason: text("ResourceStatusReason"),
        }
    })
}

pub async fn resources(client: &Client, stack: &str) -> Result<Vec<Resource>, AwsFailure> {
    const MOST_PAGES: usize = 50;
    let mut resources = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let mut pairs = named(&[("StackName", stack)]);
        pairs.extend(next.take().map(|token| (String::from("NextToken"), token)));
        let result = call(client, "ListStackResources", pairs).await?;
        resources.extend(result.members("StackResourceSummaries").iter().map(|member| Resource {
            logical_id: member.text_of("LogicalResourceId").to_owned(),
            physical_id: member.text_of("PhysicalResourceId").to_owned(),
            kind: member.text_of("ResourceType").to_owned(),
            status: member.text_of("ResourceStatus").to_owned(),
        }));
        match result.text_of("NextToken") {
            "" => break,
            token => next = Some(token.to_owned()),
        }
    }
    Ok(resources)
}
