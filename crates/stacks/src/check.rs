//! What can be said of a template before any value is known: names that lead nowhere, types that there are none of.

use crate::{
    graph::Graph,
    intrinsics::{Reference, Target, collect},
    resources::Registry,
    run::{undefined, unresolved},
    template::{Node, Problem, Span, Template},
};

/// All of it at once.
pub fn check(template: &Template, registry: &Registry) -> Vec<Problem> {
    let mut check = Check { template, registry, problems: Vec::new() };
    for resource in &template.resources {
        if registry.get(&resource.resource_type).is_none() {
            check.unknown_type(&resource.resource_type, resource.type_span);
        }
        check.references(&resource.properties);
        check.condition_of(&resource.condition, "Resources");
        for (name, span) in &resource.depends_on {
            if template.resource(name).is_none() {
                check.problem(*span, unresolved(name));
            } else if *name == resource.logical_id {
                check.problem(
                    *span,
                    format!("Circular dependency between resources: [{name}]: {name} → {name}"),
                );
            }
        }
    }
    for output in &template.outputs {
        check.references(&output.value);
        output.export.iter().for_each(|node| check.references(node));
        check.condition_of(&output.condition, "Outputs");
    }
    for entry in &template.conditions {
        check.references(&entry.node);
    }
    check.problems
}

/// Cycles, once the conditions have decided who is there at all.
pub fn cycle(template: &Template, graph: &Graph) -> Option<Problem> {
    graph.cycle_problem(template)
}

struct Check<'a> {
    template: &'a Template,
    registry: &'a Registry,
    problems: Vec<Problem>,
}

impl Check<'_> {
    fn references(&mut self, node: &Node) {
        let mut found = Vec::new();
        collect(node, None, &mut found);
        for Reference { span, target } in found {
            match target {
                Target::Ref(name) => self.named(&name, span),
                Target::Attribute(name, attribute) => self.attribute(&name, attribute.as_deref(), span),
                Target::Condition(name) if self.template.condition(&name).is_none() => {
                    self.problem(span, format!("Template error: Fn::If references an undefined condition {name}"));
                }
                Target::Map(name) if !self.template.mappings.iter().any(|map| map.key == name) => self.problem(
                    span,
                    format!("Template error: Mapping named '{name}' is not present in the 'Mappings' section of template."),
                ),
                Target::Condition(_) | Target::Map(_) => {}
            }
        }
    }

    fn named(&mut self, name: &str, span: Span) {
        const PSEUDO: [&str; 8] = [
            "AWS::AccountId",
            "AWS::NoValue",
            "AWS::NotificationARNs",
            "AWS::Partition",
            "AWS::Region",
            "AWS::StackId",
            "AWS::StackName",
            "AWS::URLSuffix",
        ];
        if !PSEUDO.contains(&name)
            && self.template.parameter(name).is_none()
            && self.template.resource(name).is_none()
        {
            self.problem(span, unresolved(name));
        }
    }

    fn attribute(&mut self, name: &str, attribute: Option<&str>, span: Span) {
        let Some(resource) = self.template.resource(name) else {
            return self.problem(span, undefined(name));
        };
        if let (Some(handler), Some(attribute)) = (self.registry.get(&resource.resource_type), attribute)
            && !handler.has_attribute(attribute)
        {
            self.problem(
                span,
                format!("Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"),
            );
        }
    }

    fn condition_of(&mut self, condition: &Option<(String, Span)>, block: &str) {
        if let Some((name, span)) = condition
            && self.template.condition(name).is_none()
        {
            self.problem(
                *span,
                format!("Unresolved condition dependency {name} in the {block} block of the template"),
            );
        }
    }

    fn unknown_type(&mut self, name: &str, span: Span) {
        let close = self.registry.names().find(|known| {
            known.eq_ignore_ascii_case(name) || known.rsplit("::").next() == name.rsplit("::").next()
        });
        let hint = close.map(|close| format!(" (did you mean {close}?)")).unwrap_or_default();
        self.problem(span, format!("Unrecognized resource types: [{name}]{hint}"));
    }

    fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::new(span, message));
    }
}
