//! Whether a template reads well, and what it will ask for.

use base::{AwsError, Caller};
use facts::cloudformation::{self as api, ValidateTemplateInput, ValidateTemplateOutput};

use super::{get_template_summary::Summary, given};
use crate::Stacks;

pub async fn run(
    stacks: &Stacks,
    caller: &Caller,
    input: ValidateTemplateInput,
) -> Result<ValidateTemplateOutput, AwsError> {
    let template = given::template(stacks, caller, input.template_body, input.template_url).await?;
    let summary = Summary::of(stacks, &template.ok_or_else(given::no_template)?)?;
    let parameters = summary
        .parameters
        .iter()
        .map(|declared| api::TemplateParameter {
            parameter_key: Some(declared.name.clone()),
            default_value: declared.default.clone(),
            no_echo: Some(declared.no_echo),
            description: declared.description.clone(),
        })
        .collect();
    Ok(ValidateTemplateOutput {
        parameters: Some(parameters),
        description: summary.template.description.clone(),
        capabilities: summary.capabilities(),
        capabilities_reason: summary.reason(),
        ..ValidateTemplateOutput::default()
    })
}
