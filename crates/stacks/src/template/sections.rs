//! The sections of a template, read out of its tree.

use super::{Content, Entry, Node, Problem, Span};

const MAX_RESOURCES: usize = 500;
const SECTIONS: [&str; 10] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
];
const RESOURCE_MEMBERS: [&str; 10] = [
    "Type",
    "Properties",
    "DependsOn",
    "Condition",
    "Metadata",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "UpdatePolicy",
    "CreationPolicy",
    "Version",
];

#[derive(Clone, Debug, Default)]
pub struct Template {
    pub description: Option<String>,
    pub metadata: Option<Node>,
    pub parameters: Vec<Parameter>,
    /// Map name → its two levels.
    pub mappings: Vec<Entry>,
    pub conditions: Vec<Entry>,
    pub resources: Vec<Resource>,
    pub outputs: Vec<Output>,
}

#[derive(Clone, Debug)]
pub struct Parameter {
    pub name: String,
    pub span: Span,
    /// The declaration's members as written.
    pub declaration: Node,
}

#[derive(Clone, Debug)]
pub struct Resource {
    pub logical_id: String,
    pub span: Span,
    pub resource_type: String,
    pub type_span: Span,
    /// A mapping; empty where the template gives none.
    pub properties: Node,
    pub depends_on: Vec<(String, Span)>,
    pub condition: Option<(String, Span)>,
    pub deletion_policy: Policy,
    pub update_replace_policy: Policy,
    pub metadata: Option<Node>,
}

#[derive(Clone, Debug)]
pub struct Output {
    pub name: String,
    pub value: Node,
    pub description: Option<String>,
    /// `Export.Name`.
    pub export: Option<Node>,
    pub condition: Option<(String, Span)>,
}

/// `DeletionPolicy` and `UpdateReplacePolicy`. `Snapshot` is for types that have none of it here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Policy {
    #[default]
    Delete,
    Retain,
    RetainExceptOnCreate,
}

impl Template {
    /// Every structural problem, or the sections.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let root = super::read(text).map_err(|problem| vec![problem])?;
        let mut reader = Reader { problems: Vec::new() };
        let template = reader.template(&root);
        if reader.problems.is_empty() { Ok(template) } else { Err(reader.problems) }
    }

    pub fn resource(&self, logical_id: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.logical_id == logical_id)
    }

    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    pub fn condition(&self, name: &str) -> Option<&Node> {
        self.conditions.iter().find(|entry| entry.key == name).map(|entry| &entry.node)
    }
}

struct Reader {
    problems: Vec<Problem>,
}

impl Reader {
    fn template(&mut self, root: &Node) -> Template {
        let mut template = Template::default();
        let Some(sections) = root.as_map() else {
            self.problem(
                root.span,
                format!("unsupported structure: {} stands where the sections belong", root.kind()),
            );
            return template;
        };
        for section in sections {
            match section.key.as_str() {
                "AWSTemplateFormatVersion" => self.version(&section.node),
                "Description" => template.description = self.text(&section.node, "Description"),
                "Metadata" => template.metadata = Some(section.node.clone()),
                "Parameters" => template.parameters = self.parameters(&section.node),
                "Mappings" => template.mappings = self.mappings(&section.node),
                "Conditions" => template.conditions = self.entries(&section.node, "Conditions").to_vec(),
                "Resources" => template.resources = self.resources(&section.node),
                "Outputs" => template.outputs = self.outputs(&section.node),
                "Transform" => self.problem(
                    section.key_span,
                    "Transform is not supported here: give the template with its macros already expanded",
                ),
                "Rules" => self.problem(section.key_span, "Rules are not supported here"),
                unknown => self.problem(
                    section.key_span,
                    format!(
                        "Invalid template property or properties [{unknown}]; there are {}",
                        SECTIONS.join(", ")
                    ),
                ),
            }
        }
        if template.resources.is_empty() && self.problems.is_empty() {
            self.problem(root.span, "At least one Resources member must be defined.");
        }
        template
    }

    fn version(&mut self, node: &Node) {
        if node.as_text() != Some("2010-09-09") {
            self.problem(node.span, "The template's AWSTemplateFormatVersion must be \"2010-09-09\"");
        }
    }

    fn parameters(&mut self, node: &Node) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for entry in self.entries(node, "Parameters").to_vec() {
            self.logical_name(&entry, "Parameter");
            if entry.node.as_map().is_none() {
                self.problem(
                    entry.node.span,
                    format!("Every Parameters object must contain a Type member; {} does not", entry.key),
                );
                continue;
            }
            parameters.push(Parameter { name: entry.key, span: entry.key_span, declaration: entry.node });
        }
        parameters
    }

    fn mappings(&mut self, node: &Node) -> Vec<Entry> {
        let maps = self.entries(node, "Mappings").to_vec();
        for map in &maps {
            for key in self.entries(&map.node, &map.key).to_vec() {
                for name in self.entries(&key.node, &key.key).to_vec() {
                    let flat = match &name.node.content {
                        Content::List(items) => items.iter().all(|item| item.scalar_text().is_some()),
                        Content::Map(_) | Content::Null => false,
                        _ => true,
                    };
                    if !flat {
                        self.problem(
                            name.node.span,
                            format!(
                                "Every Mappings attribute must be a String or a List; {}.{}.{} is not",
                                map.key, key.key, name.key
                            ),
                        );
                    }
                }
            }
        }
        maps
    }

    fn resources(&mut self, node: &Node) -> Vec<Resource> {
        let entries = self.entries(node, "Resources").to_vec();
        if entries.len() > MAX_RESOURCES {
            self.problem(
                node.span,
                format!(
                    "Number of resources, {}, is greater than maximum allowed, {MAX_RESOURCES}",
                    entries.len()
                ),
            );
        }
        entries.into_iter().filter_map(|entry| self.resource(entry)).collect()
    }

    fn resource(&mut self, entry: Entry) -> Option<Resource> {
        self.logical_name(&entry, "Resource");
        let logical_id = entry.key;
        let Some(members) = entry.node.as_map() else {
            self.problem(
                entry.node.span,
                format!("Resource {logical_id} must be an object, not {}", entry.node.kind()),
            );
            return None;
        };
        let mut resource = Resource {
            span: entry.key_span,
            resource_type: String::new(),
            type_span: entry.key_span,
            properties: Node { span: entry.key_span, content: Content::Map(Vec::new()) },
            depends_on: Vec::new(),
            condition: None,
            deletion_policy: Policy::Delete,
            update_replace_policy: Policy::Delete,
            metadata: None,
            logical_id,
        };
        for member in members {
            let node = &member.node;
            match member.key.as_str() {
                "Type" => {
                    resource.resource_type = self.text(node, "Type").unwrap_or_default();
                    resource.type_span = node.span;
                }
                "Properties" => match &node.content {
                    Content::Map(_) => resource.properties = node.clone(),
                    Content::Null => {}
                    _ => self.problem(
                        node.span,
                        format!(
                            "Properties of {} must be an object, not {}",
                            resource.logical_id,
                            node.kind()
                        ),
                    ),
                },
                "DependsOn" => resource.depends_on = self.names(node, "DependsOn"),
                "Condition" => {
                    resource.condition = self.text(node, "Condition").map(|name| (name, node.span));
                }
                "Metadata" => resource.metadata = Some(node.clone()),
                "DeletionPolicy" => resource.deletion_policy = self.policy(member),
                "UpdateReplacePolicy" => resource.update_replace_policy = self.policy(member),
                "UpdatePolicy" | "CreationPolicy" | "Version" => self.problem(
                    member.key_span,
                    format!("{} is not supported by {}", member.key, resource.logical_id),
                ),
                unknown => self.problem(
                    member.key_span,
                    format!(
                        "Invalid template resource property '{unknown}'; there are {}",
                        RESOURCE_MEMBERS.join(", ")
                    ),
                ),
            }
        }
        if resource.resource_type.is_empty() {
            self.problem(
                resource.span,
                format!(
                    "[/Resources/{}] Every Resources object must contain a Type member.",
                    resource.logical_id
                ),
            );
            return None;
        }
        Some(resource)
    }

    fn policy(&mut self, member: &Entry) -> Policy {
        match member.node.as_text() {
            Some("Delete") => Policy::Delete,
            Some("Retain") => Policy::Retain,
            Some("RetainExceptOnCreate") if member.key == "DeletionPolicy" => Policy::RetainExceptOnCreate,
            Some("Snapshot") => {
                self.problem(
                    member.node.span,
                    format!("{} 'Snapshot' is not supported by this resource's type", member.key),
                );
                Policy::Retain
            }
            _ => {
                self.problem(
                    member.node.span,
                    format!("Unrecognized {}: it may be Delete or Retain", member.key),
                );
                Policy::Retain
            }
        }
    }

    fn outputs(&mut self, node: &Node) -> Vec<Output> {
        let mut outputs = Vec::new();
        for entry in self.entries(node, "Outputs").to_vec() {
            self.logical_name(&entry, "Output");
            let Some(value) = entry.node.member("Value") else {
                self.problem(
                    entry.key_span,
                    format!("Every Outputs member must contain a Value object; {} does not", entry.key),
                );
                continue;
            };
            for member in entry.node.as_map().unwrap_or_default() {
                if !["Value", "Description", "Export", "Condition"].contains(&member.key.as_str()) {
                    self.problem(
                        member.key_span,
                        format!("Invalid template output property '{}'", member.key),
                    );
                }
            }
            let export = entry.node.member("Export");
            if let Some(export) = export
                && export.member("Name").is_none()
            {
                self.problem(export.span, format!("The Export of output {} must have a Name", entry.key));
            }
            outputs.push(Output {
                value: value.clone(),
                description: entry.node.member("Description").and_then(Node::scalar_text),
                export: export.and_then(|export| export.member("Name")).cloned(),
                condition: entry
                    .node
                    .member("Condition")
                    .and_then(|node| self.text(node, "Condition").map(|name| (name, node.span))),
                name: entry.key,
            });
        }
        outputs
    }

    fn entries<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Entry] {
        match &node.content {
            Content::Map(entries) => entries,
            Content::Null => &[],
            _ => {
                self.problem(node.span, format!("{what} must be an object, not {}", node.kind()));
                &[]
            }
        }
    }

    fn names(&mut self, node: &Node, what: &str) -> Vec<(String, Span)> {
        let items = match &node.content {
            Content::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| self.text(item, what).map(|name| (name, item.span))).collect()
    }

    fn text(&mut self, node: &Node, what: &str) -> Option<String> {
        let text = node.as_text().map(str::to_owned);
        if text.is_none() {
            self.problem(node.span, format!("{what} must be a string, not {}", node.kind()));
        }
        text
    }

    fn logical_name(&mut self, entry: &Entry, what: &str) {
        let fits = !entry.key.is_empty()
            && entry.key.len() <= 255
            && entry.key.bytes().all(|b| b.is_ascii_alphanumeric());
        if !fits {
            self.problem(entry.key_span, format!("{what} name {} is non alphanumeric.", entry.key));
        }
    }

    fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(span, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_sections() {
        let template = Template::parse(
            "AWSTemplateFormatVersion: '2010-09-09'\nDescription: d\nParameters:\n  P: {Type: String}\nResources:\n  A:\n    Type: T\n    DependsOn: B\n    DeletionPolicy: Retain\n  B: {Type: T}\nOutputs:\n  O: {Value: !Ref A, Export: {Name: x}}\n",
        )
        .unwrap();
        assert_eq!(template.resource("A").unwrap().depends_on[0].0, "B");
        assert_eq!(template.resource("A").unwrap().deletion_policy, Policy::Retain);
        assert!(template.outputs[0].export.is_some());
    }

    #[test]
    fn names_every_problem_with_its_place() {
        let problems =
            Template::parse("Resources:\n  A-b: {Type: T}\n  C: {Propertis: 1}\nNope: 1\n").unwrap_err();
        let lines: Vec<usize> = problems.iter().map(|problem| problem.span.line).collect();
        assert_eq!(lines, [2, 3, 3, 4], "{problems:?}");
        assert!(Template::parse("Resources: {}\n").is_err());
        assert!(Template::parse("- a\n").is_err());
    }
}
