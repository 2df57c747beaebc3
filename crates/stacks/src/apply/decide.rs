//! What one resource needs, now that all that it refers to is there.

use std::collections::{BTreeMap, BTreeSet};

use ports::RngExt;

use crate::{
    attempt::Call,
    desired::{Desired, messages},
    engine::{Engine, Halt},
    resources::{Form, Naming, ResourceType, name_stays, replacing_changes},
    rows::{Instance, Mark, Progress, Properties, ResourceRow, ResourceStatus, Undo, Work},
    run::Run,
    template::Resource,
};

/// Letters and digits at the end of a generated name.
const NAME_ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const NAME_RANDOM: usize = 13;
pub const REPLACING: &str =
    "Requested update requires the creation of a new physical resource; hence creating one.";

pub enum Decision {
    /// Nothing to do to the world; the row where what is remembered of it changes.
    Stays {
        row: Option<Box<ResourceRow>>,
    },
    Begins {
        row: Box<ResourceRow>,
        instance: Box<Instance>,
        call: Call,
    },
    /// It cannot even be begun.
    Fails {
        row: Box<ResourceRow>,
    },
}

pub fn decide(run: &Run, desired: &Desired, id: &str) -> Result<Decision, Halt> {
    let transaction = run.operation()?.transaction.clone();
    let now = run.engine.clock.now();
    let Some(resource) = desired.template.resource(id) else {
        return Err(Halt::Unreadable(format!("{id} is not in its template")));
    };
    let earlier = run.rows.get(id);
    let mut row = earlier.cloned().unwrap_or_else(|| blank(run, resource));
    let undo = row.mark.take().filter(|mark| mark.transaction == transaction).and_then(|mark| mark.undo);
    let mark = |progress, work, undo| Some(Mark { transaction: transaction.clone(), progress, work, undo });

    let Some(handler) = run.engine.registry.get(&resource.resource_type) else {
        row.mark = mark(Progress::Failed, None, undo);
        row.set(
            ResourceStatus::CreateFailed,
            Some(format!("Unrecognized resource type {}", resource.resource_type)),
            now,
        );
        return Ok(Decision::Fails { row: Box::new(row) });
    };
    let (properties, problems) = desired.properties(resource, handler.as_ref(), run, &mut BTreeSet::new());
    let tags = if handler.takes_tags() { desired.tags.clone() } else { BTreeMap::new() };
    let failed = if row.live.is_some() { ResourceStatus::UpdateFailed } else { ResourceStatus::CreateFailed };
    if !problems.is_empty() {
        row.mark = mark(Progress::Failed, None, undo);
        row.set(failed, Some(messages(&problems)), now);
        return Ok(Decision::Fails { row: Box::new(row) });
    }
    let dependencies = desired.graph.needs_of(id);
    let Some(live) = row.live.clone() else {
        let instance = instance(
            &run.engine,
            handler.as_ref(),
            resource,
            properties,
            tags,
            dependencies,
            &run.stack.name,
        );
        row.resource_type.clone_from(&resource.resource_type);
        row.expires_at = None;
        row.mark =
            mark(Progress::Working, Some(Work::Create { instance: instance.clone(), replace: false }), undo);
        row.set(ResourceStatus::CreateInProgress, None, now);
        let call = Call::Create { properties: instance.properties.value.clone(), follows: None };
        return Ok(Decision::Begins { row: Box::new(row), instance: Box::new(instance), call });
    };

    if live.properties.value == properties.value && live.tags == tags && !live.dirty {
        let kept = Instance {
            dependencies,
            deletion_policy: resource.deletion_policy,
            update_replace_policy: resource.update_replace_policy,
            properties,
            ..live.clone()
        };
        let changed = kept != live;
        row.live = Some(kept);
        row.mark = earlier.and_then(|row| row.mark.clone());
        return Ok(Decision::Stays { row: changed.then(|| Box::new(row)) });
    }

    let replacing = replacing_changes(handler.as_ref(), &live.properties.value, &properties.value);
    if replacing.is_empty() {
        let physical_id = live.physical_id.clone().unwrap_or_default();
        let undo =
            undo.or_else(|| Some(Undo::Revert { to: live.properties.clone(), tags: live.tags.clone() }));
        row.mark =
            mark(Progress::Working, Some(Work::Update { to: properties.clone(), tags: tags.clone() }), undo);
        row.set(ResourceStatus::UpdateInProgress, None, now);
        let call = Call::Update { physical_id, old: live.properties.value.clone(), new: properties.value };
        return Ok(Decision::Begins {
            row: Box::new(row),
            instance: Box::new(Instance { tags, ..live }),
            call,
        });
    }
    if let Some(reason) = name_stays(handler.as_ref(), &live.properties.value, &properties.value) {
        row.mark = mark(Progress::Failed, None, undo);
        row.set(ResourceStatus::UpdateFailed, Some(reason), now);
        return Ok(Decision::Fails { row: Box::new(row) });
    }
    let instance =
        instance(&run.engine, handler.as_ref(), resource, properties, tags, dependencies, &run.stack.name);
    row.mark =
        mark(Progress::Working, Some(Work::Create { instance: instance.clone(), replace: true }), undo);
    row.set(ResourceStatus::UpdateInProgress, Some(String::from(REPLACING)), now);
    let may_go = desired.may_be_lost.contains(id);
    let call = Call::Create {
        properties: instance.properties.value.clone(),
        follows: live.physical_id.filter(|_| !may_go),
    };
    Ok(Decision::Begins { row: Box::new(row), instance: Box::new(instance), call })
}

fn blank(run: &Run, resource: &Resource) -> ResourceRow {
    ResourceRow {
        home: run.stack.home.clone(),
        stack: run.stack.id.clone(),
        logical_id: resource.logical_id.clone(),
        resource_type: resource.resource_type.clone(),
        status: ResourceStatus::CreateInProgress,
        reason: None,
        updated_at: run.engine.clock.now(),
        live: None,
        former: None,
        doomed: Vec::new(),
        mark: None,
        expires_at: None,
    }
}

fn instance(
    engine: &Engine,
    handler: &dyn ResourceType,
    resource: &Resource,
    properties: Properties,
    tags: BTreeMap<String, String>,
    dependencies: Vec<String>,
    stack_name: &str,
) -> Instance {
    let given =
        |naming: &Naming| naming.property.is_some_and(|property| properties.value.get(property).is_some());
    let name = handler.naming().filter(|naming| !given(naming)).map(|naming| match naming.form {
        Form::Name { longest, lower_case } => {
            let random = engine.rng.string(NAME_ALPHABET, NAME_RANDOM);
            generated_name(stack_name, &resource.logical_id, &random, longest, lower_case)
        }
        Form::Id { alphabet, length } => engine.rng.string(alphabet, length),
    });
    Instance {
        resource_type: resource.resource_type.clone(),
        token: engine.rng.uuid(),
        name,
        physical_id: None,
        properties,
        attributes: BTreeMap::new(),
        tags,
        dependencies,
        deletion_policy: resource.deletion_policy,
        update_replace_policy: resource.update_replace_policy,
        dirty: false,
    }
}

/// `<stack>-<logical id>-<random>`, the first two cut to fit: the logical id to half of the room at most.
fn generated_name(stack: &str, logical_id: &str, random: &str, longest: usize, lower_case: bool) -> String {
    let room = longest.saturating_sub(random.len() + 2);
    let id_part: String = logical_id.chars().take(room.saturating_sub(stack.len()).max(room / 2)).collect();
    let stack_part: String = stack.chars().take(room.saturating_sub(id_part.len())).collect();
    let name = format!("{stack_part}-{id_part}-{random}");
    if lower_case { name.to_lowercase() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_names_fit() {
        assert_eq!(generated_name("stack", "Role", "ABCDEFGHIJKLM", 64, false), "stack-Role-ABCDEFGHIJKLM");
        let long = generated_name(&"s".repeat(100), &"L".repeat(100), "ABCDEFGHIJKLM", 63, true);
        assert_eq!(long.len(), 63);
        assert!(long.contains("-llll") && long.ends_with("-abcdefghijklm"));
        assert_eq!(generated_name(&"s".repeat(100), "Role", "ABCDEFGHIJKLM", 64, false).len(), 64);
    }
}
