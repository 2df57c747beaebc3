//! What the service writes below `resources` is laid over what was generated, and the whole is tidied.

use serde_json::{Value as Json, json};

use super::{Work, template::merge};
use crate::{diagnostics::Diagnostic, node::Node};

/// CloudFormation's limit (AWS CloudFormation User Guide, "Understand CloudFormation quotas").
const MOST_RESOURCES: usize = 500;

impl Work<'_> {
    pub(super) fn finish(&mut self) {
        self.export_outputs();
        self.lay_resources();
        self.extend_resources();
        for resource in self.template.resources.values_mut() {
            match resource.get_mut("Properties") {
                Some(properties) if !properties.is_null() => strip_nulls(properties),
                _ => {
                    if let Some(resource) = resource.as_object_mut() {
                        resource.remove("Properties");
                    }
                }
            }
        }
        let count = self.template.resources.len();
        if count > MOST_RESOURCES {
            let message =
                format!("the stack would have {count} resources; CloudFormation takes {MOST_RESOURCES}");
            self.problems
                .push(Diagnostic::error(self.service.root.place, message).help("split the service in two"));
        }
        self.check_types();
    }

    fn export_outputs(&mut self) {
        let prefix = format!("sls-{}-{}", self.service.name, self.service.stage);
        for (id, output) in &mut self.template.outputs {
            if output.get("Export").is_none() {
                output["Export"] = json!({"Name": format!("{prefix}-{id}")});
            }
        }
    }

    fn lay_resources(&mut self) {
        let Some(Json::Object(sections)) = self.service.root.get("resources").map(Node::to_json) else {
            return;
        };
        let written = self.service.root.get("resources");
        for (name, section) in sections {
            if name == "extensions" || section.is_null() {
                continue;
            }
            if name == "Resources" || name == "Outputs" {
                let entries = written.and_then(|node| node.get(&name)).and_then(Node::as_map);
                for entry in entries.iter().flat_map(|map| &map.entries) {
                    self.template.places.insert(entry.key.clone(), entry.key_place);
                }
            }
            let onto = match name.as_str() {
                "Resources" => &mut self.template.resources,
                "Outputs" => &mut self.template.outputs,
                _ => {
                    merge(self.template.others.entry(name).or_insert(Json::Null), section);
                    continue;
                }
            };
            let Json::Object(members) = section else { continue };
            for (id, member) in members {
                merge(onto.entry(id).or_insert(Json::Null), member);
            }
        }
    }

    /// `resources.extensions`: attributes of generated resources, replaced whole instead of merged.
    fn extend_resources(&mut self) {
        let extensions = self.service.root.at("resources.extensions").and_then(Node::as_map);
        for entry in extensions.iter().flat_map(|map| &map.entries) {
            let Some(resource) = self.template.resource(&entry.key) else {
                let message = format!("there is no resource '{}' to extend", entry.key);
                self.problems.push(Diagnostic::error(entry.key_place, message));
                continue;
            };
            let Json::Object(attributes) = entry.value.to_json() else { continue };
            for (name, value) in attributes {
                match (name.as_str(), value) {
                    ("Properties" | "Metadata", Json::Object(members)) => {
                        if !resource.get(&name).is_some_and(Json::is_object) {
                            resource[&name] = json!({});
                        }
                        for (key, member) in members {
                            resource[&name][key] = member;
                        }
                    }
                    ("DependsOn", Json::Array(more)) => {
                        let mut all = match resource.get_mut("DependsOn").map(Json::take) {
                            Some(Json::Array(items)) => items,
                            Some(Json::Null) | None => Vec::new(),
                            Some(one) => vec![one],
                        };
                        all.extend(more);
                        resource["DependsOn"] = Json::Array(all);
                    }
                    (_, value) => resource[&name] = value,
                }
            }
        }
    }

    /// A resource without a type is one that was meant to lie over another, whose name is not quite right.
    fn check_types(&mut self) {
        let untyped: Vec<String> = self
            .template
            .resources
            .iter()
            .filter(|(name, resource)| {
                !name.starts_with("Fn::") && !resource.get("Type").is_some_and(Json::is_string)
            })
            .map(|(name, _)| name.clone())
            .collect();
        for name in untyped {
            let place = self.template.places.get(&name).copied();
            self.problems.push(Diagnostic::error(place, format!("the resource '{name}' needs a 'Type'")));
        }
    }
}

/// Members that are null are taken out; items of lists stay, since their places count.
fn strip_nulls(value: &mut Json) {
    match value {
        Json::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(strip_nulls);
        }
        Json::Array(items) => items.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}
