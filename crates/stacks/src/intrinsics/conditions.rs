//! `Conditions`, and the functions that only they (and `Fn::If`) know.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Evaluation, Lookup, Pseudo, Resources, Scope, intrinsic};
use crate::{
    parameters::ParameterValue,
    template::{Node, Problem, Template},
};

/// Every condition's outcome. They may refer to parameters, mappings and one another, never to resources.
pub fn evaluate_conditions(
    template: &Template,
    parameters: &BTreeMap<String, ParameterValue>,
    pseudo: &Pseudo,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, bool> {
    let mut outcomes = BTreeMap::new();
    for entry in &template.conditions {
        let mut path = Vec::new();
        let outcome = by_name(&entry.key, template, parameters, pseudo, &mut outcomes, &mut path, problems);
        outcomes.entry(entry.key.clone()).or_insert(outcome);
    }
    outcomes
}

struct NoResources;

impl Resources for NoResources {
    fn reference(&self, name: &str) -> Lookup {
        Lookup::Missing(format!(
            "Template format error: Unresolved dependencies [{name}]. Cannot reference resources in the Conditions block of the template"
        ))
    }

    fn attribute(&self, name: &str, _: &str) -> Lookup {
        self.reference(name)
    }
}

fn by_name(
    name: &str,
    template: &Template,
    parameters: &BTreeMap<String, ParameterValue>,
    pseudo: &Pseudo,
    outcomes: &mut BTreeMap<String, bool>,
    path: &mut Vec<String>,
    problems: &mut Vec<Problem>,
) -> bool {
    if let Some(known) = outcomes.get(name) {
        return *known;
    }
    let Some(node) = template.condition(name) else { return false };
    if path.iter().any(|step| step == name) {
        path.push(name.to_owned());
        problems.push(Problem::new(
            node.span,
            format!("Circular dependencies between conditions: {}", path.join(" → ")),
        ));
        path.pop();
        return false;
    }
    path.push(name.to_owned());
    // Those it names first, so that one look at `outcomes` is enough below.
    let mut references = Vec::new();
    super::collect(node, None, &mut references);
    for reference in references {
        if let super::Target::Condition(needed) = reference.target {
            if template.condition(&needed).is_none() {
                problems.push(Problem::new(
                    reference.span,
                    format!(
                        "Unresolved condition dependency {needed} in the Conditions block of the template"
                    ),
                ));
            }
            let outcome = by_name(&needed, template, parameters, pseudo, outcomes, path, problems);
            outcomes.insert(needed, outcome);
        }
    }
    path.pop();
    let exports = BTreeMap::new();
    let scope = Scope {
        template,
        parameters,
        pseudo,
        conditions: outcomes,
        resources: &NoResources,
        exports: &exports,
    };
    let mut evaluation = Evaluation::new(&scope);
    let outcome = evaluation.condition(node);
    problems.append(&mut evaluation.problems);
    outcome
}

impl Evaluation<'_> {
    pub(super) fn fn_if(&mut self, argument: &Node) -> Option<Value> {
        let Some([name, then, otherwise]) = argument.as_list() else {
            return self.refuse(
                argument.span,
                "Template error: Fn::If requires a list argument with three elements: a condition's name and two values",
            );
        };
        let outcome = name.as_text().and_then(|name| self.scope.conditions.get(name).copied());
        match outcome {
            Some(true) => self.node(then),
            Some(false) => self.node(otherwise),
            None => {
                let name = name.scalar_text().unwrap_or_default();
                self.refuse(
                    argument.span,
                    format!("Template error: Fn::If references an undefined condition {name}"),
                )
            }
        }
    }

    /// A condition's outcome; what is not one is noted and counts as false.
    fn condition(&mut self, node: &Node) -> bool {
        let span = node.span;
        match intrinsic(node) {
            Some(("Condition", argument)) => {
                argument.as_text().and_then(|name| self.scope.conditions.get(name).copied()).unwrap_or(false)
            }
            Some(("Fn::Equals", argument)) => match argument.as_list() {
                Some([left, right]) => {
                    let (left, right) = (self.node(left), self.node(right));
                    plain(left) == plain(right)
                }
                _ => self.not_a_condition(span, "Fn::Equals requires a list of two values"),
            },
            Some(("Fn::Not", argument)) => match argument.as_list() {
                Some([inner]) => !self.condition(inner),
                _ => self.not_a_condition(span, "Fn::Not requires a list of one condition"),
            },
            Some((function @ ("Fn::And" | "Fn::Or"), argument)) => match argument.as_list() {
                Some(inner) if (2..=10).contains(&inner.len()) => {
                    let outcomes: Vec<bool> = inner.iter().map(|one| self.condition(one)).collect();
                    if function == "Fn::And" {
                        outcomes.iter().all(|one| *one)
                    } else {
                        outcomes.iter().any(|one| *one)
                    }
                }
                _ => self.not_a_condition(span, "Fn::And and Fn::Or require a list of two to ten conditions"),
            },
            _ => self.not_a_condition(
                span,
                "every condition must be Fn::And, Fn::Equals, Fn::Not, Fn::Or or Condition",
            ),
        }
    }

    fn not_a_condition(&mut self, span: crate::template::Span, message: &str) -> bool {
        self.refuse(span, format!("Template error: {message}"));
        false
    }
}

/// `5` and `"5"` are equal, as are `true` and `"true"`: parameters are always text.
fn plain(value: Option<Value>) -> Option<Value> {
    match value {
        Some(Value::Number(number)) => Some(Value::String(number.to_string())),
        Some(Value::Bool(value)) => Some(Value::String(value.to_string())),
        other => other,
    }
}
