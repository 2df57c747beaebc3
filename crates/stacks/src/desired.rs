//! What a revision of a stack asks for: its template with parameters and conditions worked out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use store::Query;

use crate::{
    engine::{Engine, Halt},
    graph::Graph,
    intrinsics::{Evaluation, Pseudo, Resources, Scope, evaluate_conditions, is_unknown},
    parameters::ParameterValue,
    resources::ResourceType,
    rows::{ExportRow, OutputValue, Properties, Revision},
    schema::Complaint,
    template::{Content, Node, Output, Problem, Resource, Span, Template},
};

/// A stack tag that names, by logical id, what an update may replace although something would be lost with it.
/// Several are separated by commas or blanks.
pub const REPLACE_TAG: &str = "poolhouse:replace-user-pool";

pub struct Desired {
    pub template: Template,
    pub parameters: BTreeMap<String, ParameterValue>,
    pub conditions: BTreeMap<String, bool>,
    pub pseudo: Pseudo,
    pub graph: Graph,
    /// Every export there is, by name.
    pub exports: BTreeMap<String, String>,
    /// The stack's tags, without those that speak to the engine.
    pub tags: BTreeMap<String, String>,
    /// Logical ids named by [`REPLACE_TAG`].
    pub may_be_lost: BTreeSet<String>,
}

impl Desired {
    /// The problems it returns beside itself are those of the conditions.
    pub fn new(
        engine: &Engine,
        template: Template,
        revision: &Revision,
        arn: &str,
        name: &str,
        exports: BTreeMap<String, String>,
    ) -> (Self, Vec<Problem>) {
        let parameters: BTreeMap<_, _> =
            revision.parameters.iter().map(|parameter| (parameter.name.clone(), parameter.clone())).collect();
        let pseudo = Pseudo {
            account_id: engine.config.account.to_string(),
            region: engine.config.region.to_string(),
            url_suffix: engine.config.url_suffix.clone(),
            stack_id: arn.to_owned(),
            stack_name: name.to_owned(),
            notification_arns: revision.notification_arns.clone(),
        };
        let mut problems = Vec::new();
        let conditions = evaluate_conditions(&template, &parameters, &pseudo, &mut problems);
        let graph = Graph::of(&template, &conditions);
        let (told, tags): (Vec<_>, Vec<_>) = revision.tags.iter().partition(|tag| tag.key == REPLACE_TAG);
        let desired = Self {
            tags: tags.into_iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect(),
            may_be_lost: told
                .iter()
                .flat_map(|tag| tag.value.split([',', ' ']))
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect(),
            template,
            parameters,
            conditions,
            pseudo,
            graph,
            exports,
        };
        (desired, problems)
    }

    /// Of a revision that was accepted before. What cannot be read any more is the reason it fails.
    pub async fn accepted(
        engine: &Engine,
        revision: &Revision,
        arn: &str,
        name: &str,
    ) -> Result<Result<Self, String>, Halt> {
        let exports = exports(engine).await?;
        Ok(match Template::parse(&revision.template) {
            Ok(template) => Ok(Self::new(engine, template, revision, arn, name, exports).0),
            Err(problems) => Err(messages(&problems)),
        })
    }

    fn scope<'a>(&'a self, resources: &'a dyn Resources) -> Scope<'a> {
        Scope {
            template: &self.template,
            parameters: &self.parameters,
            pseudo: &self.pseudo,
            conditions: &self.conditions,
            resources,
            exports: &self.exports,
        }
    }

    /// A resource's properties as far as the other resources are known, in the types its schema asks for, with what is
    /// wrong about them. `imports` gains the exports used.
    pub fn properties(
        &self,
        resource: &Resource,
        handler: &dyn ResourceType,
        resources: &dyn Resources,
        imports: &mut BTreeSet<String>,
    ) -> (Properties, Vec<Problem>) {
        let scope = self.scope(resources);
        let mut evaluation = Evaluation::new(&scope);
        let value = evaluation.node(&resource.properties).unwrap_or(Value::Null);
        imports.append(&mut evaluation.imports);
        let mut problems = evaluation.problems;
        let secrets = evaluation.secrets;
        let Some(schema) = handler.schema() else {
            return (Properties { value, secrets }, problems);
        };
        let (value, mut complaints) = schema.conform(&value);
        complaints.extend(handler.refuses(&value));
        for Complaint { path, message } in complaints {
            let span = locate(&resource.properties, &path, resource.span);
            problems.push(Problem::new(
                span,
                format!(
                    "Properties validation failed for resource {} with message: {message}",
                    resource.logical_id
                ),
            ));
        }
        (Properties { value, secrets }, problems)
    }

    /// Outputs whose condition holds. A value that is not known yet leaves its output out.
    pub fn outputs(
        &self,
        resources: &dyn Resources,
        imports: &mut BTreeSet<String>,
    ) -> (Vec<OutputValue>, Vec<Problem>) {
        let mut outputs = Vec::new();
        let mut problems = Vec::new();
        for output in &self.template.outputs {
            if output
                .condition
                .as_ref()
                .is_some_and(|(name, _)| !self.conditions.get(name).copied().unwrap_or(false))
            {
                continue;
            }
            let export = output
                .export
                .as_ref()
                .map(|node| self.output_text(node, output, resources, imports, &mut problems));
            let value = self.output_text(&output.value, output, resources, imports, &mut problems);
            if let (Some(value), None | Some(Some(_))) = (value, &export) {
                outputs.push(OutputValue {
                    key: output.name.clone(),
                    value,
                    description: output.description.clone(),
                    export: export.flatten(),
                });
            }
        }
        (outputs, problems)
    }

    fn output_text(
        &self,
        node: &Node,
        output: &Output,
        resources: &dyn Resources,
        imports: &mut BTreeSet<String>,
        problems: &mut Vec<Problem>,
    ) -> Option<String> {
        let scope = self.scope(resources);
        let mut evaluation = Evaluation::new(&scope);
        let value = evaluation.node(node);
        imports.append(&mut evaluation.imports);
        problems.append(&mut evaluation.problems);
        match value {
            Some(Value::String(text)) => Some(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(value)) => Some(value.to_string()),
            Some(value) if is_unknown(&value) => None,
            _ => {
                problems.push(Problem::new(
                    node.span,
                    format!("Template format error: Output {} is malformed. The Value field of every Outputs member must evaluate to a String.", output.name),
                ));
                None
            }
        }
    }
}

pub async fn exports(engine: &Engine) -> Result<BTreeMap<String, String>, Halt> {
    let all = engine.store.query_all(Query::<ExportRow>::in_partition(&engine.home())).await?;
    Ok(all.into_iter().map(|row| (row.value.name, row.value.value)).collect())
}

pub fn messages(problems: &[Problem]) -> String {
    let texts: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    texts.join("; ")
}

/// The place of a property by its path: of its key where the last step is one, as deep as the text goes.
fn locate(node: &Node, path: &[String], otherwise: Span) -> Span {
    let mut node = node;
    let mut span = if path.is_empty() { otherwise } else { node.span };
    for step in path {
        match &node.content {
            Content::Map(entries) => match entries.iter().find(|entry| entry.key == *step) {
                Some(entry) => {
                    span = entry.key_span;
                    node = &entry.node;
                }
                None => return span,
            },
            Content::List(items) => match step.parse::<usize>().ok().and_then(|at| items.get(at)) {
                Some(item) => {
                    span = item.span;
                    node = item;
                }
                None => return span,
            },
            _ => return span,
        }
    }
    span
}
