//! One resource's change, and how a change set tells it (`ResourceChange` in the API model).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    intrinsics::holds_unknown,
    resources::{ResourceType, replacing_changes},
    rows::Instance,
    template::Resource,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Add,
    Modify,
    Remove,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    Never,
    /// It hangs on a value that is not known yet.
    Conditionally,
    Always,
}

#[derive(Clone, Debug)]
pub struct Change {
    pub action: Action,
    pub logical_id: String,
    pub physical_id: Option<String>,
    pub resource_type: String,
    pub replacement: Replacement,
    /// Properties that need the replacement.
    pub replacing: Vec<String>,
    scope: Vec<&'static str>,
    details: Vec<Value>,
}

impl Change {
    pub fn addition(resource: &Resource) -> Self {
        Self::bare(Action::Add, &resource.logical_id, &resource.resource_type, None)
    }

    pub fn removal(logical_id: &str, live: &Instance) -> Self {
        Self::bare(Action::Remove, logical_id, &live.resource_type, live.physical_id.clone())
    }

    pub fn bare(action: Action, logical_id: &str, resource_type: &str, physical_id: Option<String>) -> Self {
        Self {
            action,
            logical_id: logical_id.to_owned(),
            physical_id,
            resource_type: resource_type.to_owned(),
            replacement: Replacement::Never,
            replacing: Vec::new(),
            scope: Vec::new(),
            details: Vec::new(),
        }
    }

    /// A `Change` structure.
    pub fn to_value(&self) -> Value {
        let action = match self.action {
            Action::Add => "Add",
            Action::Modify => "Modify",
            Action::Remove => "Remove",
        };
        let mut change = json!({
            "Action": action,
            "LogicalResourceId": self.logical_id,
            "ResourceType": self.resource_type,
            "Scope": self.scope,
            "Details": self.details,
        });
        if let Some(id) = &self.physical_id {
            change["PhysicalResourceId"] = json!(id);
        }
        if self.action == Action::Modify {
            change["Replacement"] = json!(match self.replacement {
                Replacement::Never => "False",
                Replacement::Conditionally => "Conditional",
                Replacement::Always => "True",
            });
        }
        json!({"Type": "Resource", "ResourceChange": change})
    }
}

/// What changes of a resource that is there; `None`: nothing.
pub fn modification(
    handler: &dyn ResourceType,
    resource: &Resource,
    live: &Instance,
    new: &Value,
    tags: &BTreeMap<String, String>,
) -> Option<Change> {
    let old = &live.properties.value;
    let mut change =
        Change::bare(Action::Modify, &resource.logical_id, &resource.resource_type, live.physical_id.clone());
    let replacing = replacing_changes(handler, old, new);
    let known = |path: &String| {
        new.pointer(&format!("/{}", path.replace('.', "/"))).is_none_or(|value| !holds_unknown(value))
    };
    change.replacement = match (replacing.is_empty(), replacing.iter().any(known)) {
        (true, _) => Replacement::Never,
        (false, true) => Replacement::Always,
        (false, false) => Replacement::Conditionally,
    };
    for name in changed_members(old, new) {
        let value = new.get(&name).cloned().unwrap_or(Value::Null);
        let needs = replacing.iter().any(|path| path.split('.').next() == Some(name.as_str()));
        let recreation = match (needs, holds_unknown(&value)) {
            (false, _) => "Never",
            (true, true) => "Conditionally",
            (true, false) => "Always",
        };
        let (evaluation, source) = if holds_unknown(&value) {
            ("Dynamic", "ResourceReference")
        } else {
            ("Static", "DirectModification")
        };
        change.details.push(json!({
            "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
            "Evaluation": evaluation,
            "ChangeSource": source,
        }));
    }
    if !change.details.is_empty() {
        change.scope.push("Properties");
    }
    for (differs, attribute) in [
        (live.tags != *tags, "Tags"),
        (live.deletion_policy != resource.deletion_policy, "DeletionPolicy"),
        (live.update_replace_policy != resource.update_replace_policy, "UpdateReplacePolicy"),
    ] {
        if differs {
            change.scope.push(attribute);
            change.details.push(json!({
                "Target": {"Attribute": attribute, "RequiresRecreation": "Never"},
                "Evaluation": "Static",
                "ChangeSource": "DirectModification",
            }));
        }
    }
    change.replacing = replacing;
    (!change.details.is_empty() || live.dirty).then_some(change)
}

fn changed_members(old: &Value, new: &Value) -> Vec<String> {
    let names = |value: &Value| {
        value.as_object().map(|map| map.keys().cloned().collect::<Vec<_>>()).unwrap_or_default()
    };
    let mut all = names(old);
    all.extend(names(new));
    all.sort();
    all.dedup();
    all.retain(|name| old.get(name) != new.get(name));
    all
}
