//! What an operation is going to do, worked out before anything is touched: every problem of the template, every
//! resource it would add, change, replace or remove, and what would be lost by that.

mod changes;

use std::collections::{BTreeMap, BTreeSet};

use base::AwsError;

pub use changes::{Action, Change, Replacement};

use crate::{
    attempt, check,
    desired::{self, Desired, REPLACE_TAG},
    engine::{Engine, Halt},
    intrinsics::{Lookup, Resources},
    parameters::{self, Given},
    resources::{Capability, name_stays},
    rows::{Instance, Revision, Tag},
    run::{Run, attribute_of, undefined, unresolved},
    template::{Problem, Template, problem::validation_error},
};

/// What a caller asks a stack to become.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub template: String,
    pub parameters: Vec<Given>,
    pub tags: Vec<Tag>,
    pub capabilities: Vec<String>,
    pub notification_arns: Vec<String>,
    pub role_arn: Option<String>,
    /// In force for this update alone, in place of the stack's own.
    pub policy_during_update: Option<String>,
}

pub struct Plan {
    pub revision: Revision,
    pub changes: Vec<Change>,
    /// Nothing would be different, outputs and tags included.
    pub nothing_to_do: bool,
}

/// Why there is no plan: the caller's fault, or ours.
#[derive(Debug)]
pub enum Unplannable {
    Refused(AwsError),
    Halted(Halt),
}

impl From<Halt> for Unplannable {
    fn from(halt: Halt) -> Self {
        Self::Halted(halt)
    }
}

impl From<AwsError> for Unplannable {
    fn from(error: AwsError) -> Self {
        Self::Refused(error)
    }
}

/// `run`: the stack as it is; one that is to be made has no rows yet.
pub async fn plan(engine: &Engine, request: &Request, run: &Run) -> Result<Plan, Unplannable> {
    let template = Template::parse(&request.template).map_err(validation_error)?;
    let mut problems = Vec::new();
    let declared = parameters::declarations(&template, &mut problems);
    let misdeclared = !problems.is_empty();
    problems.extend(check::check(&template, &engine.registry));
    if misdeclared {
        // Parameters that are declared wrong make nonsense of the values given for them.
        return Err(validation_error(problems).into());
    }
    let earlier: BTreeMap<_, _> = run
        .stack
        .revision
        .parameters
        .iter()
        .map(|parameter| (parameter.name.clone(), parameter.clone()))
        .collect();
    let values = match parameters::resolve(&declared, &request.parameters, &earlier) {
        Ok(values) => values,
        // What is wrong with the template comes first: it may be why a value seems to be missing.
        Err(_) if !problems.is_empty() => return Err(validation_error(problems).into()),
        Err(refused) => return Err(refused.into()),
    };
    let mut revision = Revision {
        template: request.template.clone(),
        parameters: values,
        tags: request.tags.clone(),
        capabilities: request.capabilities.clone(),
        notification_arns: request.notification_arns.clone(),
        role_arn: request.role_arn.clone(),
        description: template.description.clone(),
        imports: Vec::new(),
    };
    let exports = desired::exports(engine).await?;
    let own: BTreeSet<String> = run.stack.outputs.iter().filter_map(|output| output.export.clone()).collect();
    let importable = exports.into_iter().filter(|(name, _)| !own.contains(name)).collect();
    let (desired, conditions_wrong) =
        Desired::new(engine, template, &revision, &run.stack.arn, &run.stack.name, importable);
    problems.extend(conditions_wrong);
    problems.extend(check::cycle(&desired.template, &desired.graph));
    let mut imports = BTreeSet::new();
    let (changes, wrong) = resource_changes(engine, &desired, run, &mut imports);
    problems.extend(wrong);
    let planned = Planned { run, desired: &desired, changes: &changes };
    let (outputs, wrong) = desired.outputs(&planned, &mut imports);
    problems.extend(wrong);
    if !problems.is_empty() {
        return Err(validation_error(problems).into());
    }
    revision.imports = imports.into_iter().collect();
    types_stay(&desired, run)?;
    capabilities(engine, &desired, &planned, &request.capabilities)?;
    if let Some(policy) =
        request.policy_during_update.as_ref().or(run.stack.policy.as_ref()).filter(|_| !run.rows.is_empty())
    {
        let forbidden = crate::stack_policy::forbidden(policy, &changes);
        if !forbidden.is_empty() {
            return Err(refused(forbidden.join("; ")).into());
        }
    }
    nothing_is_lost(engine, &desired, run, &changes).await?;
    let same_outputs = outputs == run.stack.outputs && outputs.len() == wanted_outputs(&desired);
    let unfinished = run.stack.previous.is_some();
    let nothing_to_do = changes.is_empty()
        && same_outputs
        && !unfinished
        && request.tags == run.stack.revision.tags
        && request.role_arn.as_ref().is_none_or(|role| run.stack.revision.role_arn.as_ref() == Some(role));
    Ok(Plan { revision, changes, nothing_to_do })
}

fn wanted_outputs(desired: &Desired) -> usize {
    let holds = |name: &str| desired.conditions.get(name).copied().unwrap_or(false);
    desired
        .template
        .outputs
        .iter()
        .filter(|output| output.condition.as_ref().is_none_or(|(name, _)| holds(name)))
        .count()
}

/// References while nothing has happened yet: what stays as it is tells its values, what is to be made does not.
struct Planned<'a> {
    run: &'a Run,
    desired: &'a Desired,
    changes: &'a [Change],
}

impl Planned<'_> {
    fn instance(&self, logical_id: &str) -> Option<Option<&Instance>> {
        if !self.desired.graph.contains(logical_id) {
            return None;
        }
        let change = self.changes.iter().find(|change| change.logical_id == logical_id);
        let fresh = change
            .is_some_and(|change| change.action == Action::Add || change.replacement != Replacement::Never);
        let live = self.run.rows.get(logical_id).and_then(|row| row.live.as_ref());
        Some(live.filter(|_| !fresh))
    }
}

impl Resources for Planned<'_> {
    fn reference(&self, logical_id: &str) -> Lookup {
        match self.instance(logical_id) {
            None => Lookup::Missing(unresolved(logical_id)),
            Some(instance) => match instance.and_then(|instance| instance.physical_id.as_ref()) {
                Some(id) => Lookup::Known(id.as_str().into()),
                None => Lookup::Unknown,
            },
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Lookup {
        match self.instance(logical_id) {
            None => Lookup::Missing(undefined(logical_id)),
            Some(None) => Lookup::Unknown,
            Some(Some(instance)) => match attribute_of(instance, logical_id, attribute) {
                // It may come with the change itself.
                Lookup::Missing(_) => Lookup::Unknown,
                known => known,
            },
        }
    }
}

fn resource_changes(
    engine: &Engine,
    desired: &Desired,
    run: &Run,
    imports: &mut BTreeSet<String>,
) -> (Vec<Change>, Vec<Problem>) {
    let mut changes = Vec::new();
    let mut problems = Vec::new();
    let order = desired.graph.order();
    let on_cycles: Vec<String> =
        desired.graph.ids().filter(|id| !order.iter().any(|one| one == id)).map(str::to_owned).collect();
    for id in order.into_iter().chain(on_cycles) {
        let Some(resource) = desired.template.resource(&id) else { continue };
        let Some(handler) = engine.registry.get(&resource.resource_type) else { continue };
        let planned = Planned { run, desired, changes: &changes };
        let (properties, wrong) = desired.properties(resource, handler.as_ref(), &planned, imports);
        problems.extend(wrong);
        let live = run.rows.get(&id).and_then(|row| row.live.as_ref());
        let tags = if handler.takes_tags() { desired.tags.clone() } else { BTreeMap::new() };
        let change = match live {
            None => Some(Change::addition(resource)),
            Some(live) => changes::modification(handler.as_ref(), resource, live, &properties.value, &tags),
        };
        if let (Some(change), Some(live)) = (&change, live)
            && change.replacement == Replacement::Always
            && let Some(refusal) = name_stays(handler.as_ref(), &live.properties.value, &properties.value)
        {
            problems.push(Problem::new(resource.span, refusal));
        }
        changes.extend(change);
    }
    for (id, row) in run.rows.iter().filter(|(id, _)| !desired.graph.contains(id)) {
        changes.extend(row.live.as_ref().map(|live| Change::removal(id, live)));
    }
    (changes, problems)
}

fn types_stay(desired: &Desired, run: &Run) -> Result<(), AwsError> {
    let changed: Vec<&str> = desired
        .template
        .resources
        .iter()
        .filter(|resource| {
            let live = run.rows.get(&resource.logical_id).and_then(|row| row.live.as_ref());
            live.is_some_and(|live| live.resource_type != resource.resource_type)
        })
        .map(|resource| resource.logical_id.as_str())
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    Err(refused(format!(
        "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{}]",
        changed.join(", ")
    )))
}

/// What the template must be acknowledged for, as far as its properties are known.
pub fn needed_capability(
    engine: &Engine,
    desired: &Desired,
    resources: &dyn Resources,
) -> Option<Capability> {
    desired
        .graph
        .ids()
        .filter_map(|id| {
            let resource = desired.template.resource(id)?;
            let handler = engine.registry.get(&resource.resource_type)?;
            let (properties, _) =
                desired.properties(resource, handler.as_ref(), resources, &mut BTreeSet::new());
            handler.capability(&properties.value)
        })
        .max()
}

fn capabilities(
    engine: &Engine,
    desired: &Desired,
    planned: &Planned<'_>,
    given: &[String],
) -> Result<(), AwsError> {
    let has = |name: &str| given.iter().any(|one| one == name);
    let missing = match needed_capability(engine, desired, planned) {
        Some(Capability::NamedIam) if !has("CAPABILITY_NAMED_IAM") => "CAPABILITY_NAMED_IAM",
        Some(Capability::Iam) if !has("CAPABILITY_IAM") && !has("CAPABILITY_NAMED_IAM") => "CAPABILITY_IAM",
        _ => return Ok(()),
    };
    Err(AwsError::client("InsufficientCapabilitiesException", format!("Requires capabilities : [{missing}]")))
}

/// Refuses to replace what holds something that would be lost with it, unless the caller named it. A resource that goes
/// while another of its type comes is a replacement too: a renamed logical id must not cost anyone their users.
async fn nothing_is_lost(
    engine: &Engine,
    desired: &Desired,
    run: &Run,
    changes: &[Change],
) -> Result<(), Unplannable> {
    let mut refusals = Vec::new();
    for change in changes.iter().filter(|change| !desired.may_be_lost.contains(&change.logical_id)) {
        let renamed = change.action == Action::Remove
            && changes
                .iter()
                .any(|other| other.action == Action::Add && other.resource_type == change.resource_type);
        let replaced = change.action == Action::Modify && change.replacement == Replacement::Always;
        let (Some(physical_id), true) = (&change.physical_id, renamed || replaced) else { continue };
        let (Some(handler), Some(live)) = (
            engine.registry.get(&change.resource_type),
            run.rows.get(&change.logical_id).and_then(|row| row.live.as_ref()),
        ) else {
            continue;
        };
        let kept = if renamed { live.deletion_policy } else { live.update_replace_policy };
        if kept != crate::template::Policy::Delete {
            continue;
        }
        let context = attempt::context(engine, &run.stack, &change.logical_id, live, false);
        let held = handler
            .holds(&context, physical_id)
            .await
            .map_err(|failure| refused(failure.reason(&live.token)))?;
        if let Some(held) = held {
            let why = if renamed {
                String::from("it is not in the template any more, and another of its type is new")
            } else {
                format!("{} cannot be changed in place", change.replacing.join(", "))
            };
            refusals.push(format!(
                "{} ({} {physical_id}) would be replaced, because {why}; {held} would be lost.",
                change.logical_id, change.resource_type
            ));
        }
    }
    if refusals.is_empty() {
        return Ok(());
    }
    Err(Unplannable::Refused(refused(format!(
        "{} Nothing was changed. Undo that change of the template; or give what holds them \"DeletionPolicy: Retain\" and \"UpdateReplacePolicy: Retain\" in an update of its own first; or, to lose them, update with the stack tag {REPLACE_TAG} set to the logical id.",
        refusals.join(" ")
    ))))
}

fn refused(message: String) -> AwsError {
    AwsError::client("ValidationError", message)
}
