//! The templates of a service: the first one, with nothing but the bucket, and the whole.

mod bucket;
mod cognito_user_pool;
mod custom;
mod function_settings;
mod functions;
mod http;
mod invoke_config;
mod naming;
mod role;
mod state;
mod template;
mod url;
mod version;

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{
    diagnostics::Report,
    node::Node,
    package::{self, Artifact, Packed},
    place::Place,
    service::{Function, Service},
};
use template::Template;

/// The Serverless Framework v3's, for a service that names none.
pub const DEFAULT_RUNTIME: &str = "nodejs16.x";

/// All that a deployment needs.
#[derive(Debug)]
pub struct Compiled {
    pub service: String,
    pub stage: String,
    pub region: String,
    pub stack_name: String,
    /// Creates the stack: the bucket alone. `None` where the service brings its own bucket.
    pub template_create: Option<Json>,
    /// The whole stack.
    pub template_update: Json,
    /// `serverless-state.json`, by which `serverless deploy --package` takes a package up.
    pub state: Json,
    pub artifacts: Vec<Artifact>,
    /// `serverless/<service>/<stage>/<milliseconds>-<instant>`: the folder of this deployment in the bucket.
    pub artifact_directory: String,
    /// `serverless/<service>/<stage>`: below it lie all deployments of this stage.
    pub artifact_prefix: String,
    /// The service's own bucket, where it brings one.
    pub deployment_bucket: Option<String>,
    pub functions: Vec<FunctionPart>,
    pub endpoints: Vec<Endpoint>,
    pub deployment: Deployment,
    /// Warnings, and the files that places point into.
    pub report: Report,
    /// Where each resource of the template comes from, by logical id.
    pub places: BTreeMap<String, Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionPart {
    pub key: String,
    pub name: String,
    pub logical_id: String,
    /// The file name of the artifact it runs from.
    pub artifact: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// In capitals; `ANY` is any.
    pub method: String,
    /// With its `/` in front.
    pub path: String,
    pub function: String,
    /// What guards it: an authorizer's logical id or name, `AWS_IAM`, or nothing.
    pub authorizer: Option<String>,
}

/// What goes along with the template when a stack is created or updated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Deployment {
    pub tags: BTreeMap<String, String>,
    pub parameters: BTreeMap<String, String>,
    pub role_arn: Option<String>,
    pub disable_rollback: bool,
    /// `deploymentMethod: direct`: no change set.
    pub direct: bool,
    /// How many older deployments are kept in the bucket.
    pub keep: usize,
}

/// What one compilation works on.
struct Work<'a> {
    service: &'a Service,
    packed: &'a Packed,
    template: Template,
    artifact_directory: String,
    /// Functions whose callers are still to be written.
    later: Vec<(&'a Function, functions::Target)>,
    problems: Vec<crate::diagnostics::Diagnostic>,
}

/// Finds what only compiling would find, so that it is told together with all that is wrong.
pub(crate) fn check(service: &Service, problems: &mut Vec<crate::diagnostics::Diagnostic>) {
    http::check(service, problems);
}

pub(crate) fn endpoints(service: &Service) -> Vec<Endpoint> {
    http::endpoints(service)
}

/// Packs the functions of `service` and writes its templates.
pub fn compile(service: &Service) -> Result<Compiled, Box<Report>> {
    let mut report = service.report.clone();
    let packed = package::pack(service, &mut report.diagnostics);
    let mut work = Work {
        service,
        packed: &packed,
        template: bucket::template(service),
        artifact_directory: format!("{}/{}", service.artifact_prefix(), instant(service.now_millis)),
        later: Vec::new(),
        problems: Vec::new(),
    };
    let template_create = service.deployment_bucket().is_none().then(|| work.template.to_json());
    work.logs_and_role();
    for function in &service.functions {
        work.function(function);
    }
    for (function, target) in std::mem::take(&mut work.later) {
        work.callers(function, &target);
    }
    let endpoints = work.http();
    work.cognito_user_pools();
    work.finish();
    report.diagnostics.append(&mut work.problems);
    report.sort();
    if report.has_errors() {
        return Err(Box::new(report));
    }
    let (artifact_directory, places) = (work.artifact_directory, work.template.places.clone());
    let template_update = work.template.to_json();
    let state = state::state(service, &artifact_directory, &packed, &template_create, &template_update);
    Ok(Compiled {
        service: service.name.clone(),
        stage: service.stage.clone(),
        region: service.region.clone(),
        stack_name: service.stack_name(),
        template_create,
        template_update,
        state,
        functions: parts(service, &packed),
        artifacts: packed.artifacts,
        artifact_directory,
        artifact_prefix: service.artifact_prefix(),
        deployment_bucket: service.deployment_bucket().map(str::to_owned),
        endpoints,
        deployment: deployment(service),
        report,
        places,
    })
}

fn parts(service: &Service, packed: &Packed) -> Vec<FunctionPart> {
    let part = |function: &Function| {
        let artifact = packed.artifacts.get(*packed.of_function.get(&function.key)?)?;
        Some(FunctionPart {
            key: function.key.clone(),
            name: function.name.clone(),
            logical_id: naming::lambda(&function.key),
            artifact: artifact.file_name.clone(),
        })
    };
    service.functions.iter().filter_map(part).collect()
}

pub(crate) fn deployment(service: &Service) -> Deployment {
    let provider = &service.provider;
    let mut tags = BTreeMap::from([(String::from("STAGE"), service.stage.clone())]);
    for entry in provider.get("stackTags").and_then(Node::as_map).iter().flat_map(|map| &map.entries) {
        if let Some(value) = entry.value.as_text() {
            tags.retain(|key, _| !key.eq_ignore_ascii_case(&entry.key) || key == &entry.key);
            tags.insert(entry.key.clone(), value.to_owned());
        }
    }
    let parameters = provider.get("stackParameters").and_then(Node::as_list).unwrap_or_default();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_text).map(str::to_owned);
    Deployment {
        tags,
        parameters: parameters
            .iter()
            .filter_map(|node| Some((text(node, "ParameterKey")?, text(node, "ParameterValue")?)))
            .collect(),
        role_arn: provider
            .at("iam.deploymentRole")
            .or_else(|| provider.get("cfnRole"))
            .and_then(Node::as_text)
            .map(str::to_owned),
        disable_rollback: provider.get("disableRollback").is_some_and(Node::is_truthy),
        direct: service.provider_text("deploymentMethod") == Some("direct"),
        keep: provider
            .at("deploymentBucket.maxPreviousDeploymentArtifacts")
            .and_then(Node::as_integer)
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or(4),
    }
}

/// `1700000000000-2023-11-14T22:13:20.000Z`, as JavaScript writes an instant.
fn instant(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    // Howard Hinnant's "civil_from_days", the proleptic Gregorian calendar.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1000 % 60, rest % 1000);
    format!("{millis}-{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
}

#[cfg(test)]
mod tests {
    use super::instant;

    #[test]
    fn instants_read_as_in_javascript() {
        assert_eq!(instant(0), "0-1970-01-01T00:00:00.000Z");
        assert_eq!(instant(1_709_210_096_789), "1709210096789-2024-02-29T12:34:56.789Z");
        assert_eq!(instant(1_798_761_599_999), "1798761599999-2026-12-31T23:59:59.999Z");
    }
}
