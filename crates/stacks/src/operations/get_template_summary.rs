//! What a template, or a stack's template, declares and needs.

use base::{AwsError, Caller};
use facts::cloudformation::{self as api, GetTemplateSummaryInput, GetTemplateSummaryOutput};

use super::{given, words};
use crate::{
    Stacks, check, lookup,
    parameters::{self, Declaration},
    resources::Capability,
    template::{Node, Template, problem::validation_error},
};

pub async fn run(
    stacks: &Stacks,
    caller: &Caller,
    input: GetTemplateSummaryInput,
) -> Result<GetTemplateSummaryOutput, AwsError> {
    let given = given::template(stacks, caller, input.template_body, input.template_url).await?;
    let text = match (given, input.stack_name) {
        (Some(_), Some(_)) => {
            return Err(words::invalid(
                "Only one of TemplateBody, TemplateURL or StackName may be specified",
            ));
        }
        (Some(text), None) => text,
        (None, Some(name)) => {
            let found = lookup::stack(stacks.engine(), &name).await.map_err(words::unavailable)?;
            found.ok_or_else(|| words::no_stack_with_id(&name))?.value.revision.template
        }
        (None, None) => return Err(given::no_template()),
    };
    let summary = Summary::of(stacks, &text)?;
    let parameters = summary.parameters.iter().map(declared).collect();
    Ok(GetTemplateSummaryOutput {
        parameters: Some(parameters),
        description: summary.template.description.clone(),
        capabilities: summary.capabilities(),
        capabilities_reason: summary.reason(),
        resource_types: Some(summary.types()),
        version: Some(String::from("2010-09-09")),
        metadata: summary.template.metadata.as_ref().map(|node| Node::to_value(node).to_string()),
        ..GetTemplateSummaryOutput::default()
    })
}

/// A template that reads well.
pub struct Summary {
    pub template: Template,
    pub parameters: Vec<Declaration>,
    /// The capability needed, and the types that need it.
    needs: Option<(Capability, Vec<String>)>,
}

impl Summary {
    pub fn of(stacks: &Stacks, text: &str) -> Result<Self, AwsError> {
        let template = Template::parse(text).map_err(validation_error)?;
        let mut problems = Vec::new();
        let parameters = parameters::declarations(&template, &mut problems);
        problems.extend(check::check(&template, &stacks.engine().registry));
        if !problems.is_empty() {
            return Err(validation_error(problems));
        }
        // Values are not known here: a property that is written down at all counts as given.
        let needing: Vec<(Capability, String)> = template
            .resources
            .iter()
            .filter_map(|resource| {
                let handler = stacks.engine().registry.get(&resource.resource_type)?;
                Some((handler.capability(&resource.properties.to_value())?, resource.resource_type.clone()))
            })
            .collect();
        let needs = needing.iter().map(|(capability, _)| *capability).max().map(|capability| {
            let mut types: Vec<String> = needing.into_iter().map(|(_, name)| name).collect();
            types.dedup();
            (capability, types)
        });
        Ok(Self { template, parameters, needs })
    }

    pub fn capabilities(&self) -> Option<Vec<String>> {
        self.needs.as_ref().map(|(capability, _)| match capability {
            Capability::Iam => vec![String::from("CAPABILITY_IAM")],
            Capability::NamedIam => vec![String::from("CAPABILITY_NAMED_IAM")],
        })
    }

    pub fn reason(&self) -> Option<String> {
        let (_, types) = self.needs.as_ref()?;
        Some(format!("The following resource(s) require capabilities: [{}]", types.join(", ")))
    }

    fn types(&self) -> Vec<String> {
        let mut types: Vec<String> =
            self.template.resources.iter().map(|resource| resource.resource_type.clone()).collect();
        types.sort();
        types.dedup();
        types
    }
}

fn declared(parameter: &Declaration) -> api::ParameterDeclaration {
    api::ParameterDeclaration {
        parameter_key: Some(parameter.name.clone()),
        default_value: parameter.default.clone(),
        parameter_type: Some(parameter.parameter_type.clone()),
        no_echo: Some(parameter.no_echo),
        description: parameter.description.clone(),
        parameter_constraints: Some(api::ParameterConstraints {
            allowed_values: (!parameter.allowed_values.is_empty()).then(|| parameter.allowed_values.clone()),
        }),
    }
}
