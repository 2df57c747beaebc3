//! What is deployed: just compiled, or read back from a folder that `package` wrote.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use serverless::{Artifact, Compiled, Deployment, Report, Service, place::Place};

use crate::{
    commands::package::{CREATE, STATE, UPDATE},
    failure::Failure,
};

#[cfg_attr(test, derive(Default))]
pub struct Bundle {
    pub stack_name: String,
    pub template_create: Option<Value>,
    pub template_update: Value,
    pub state: Value,
    pub artifacts: Vec<Artifact>,
    pub artifact_directory: String,
    pub artifact_prefix: String,
    pub deployment_bucket: Option<String>,
    pub deployment: Deployment,
    report: Report,
    places: BTreeMap<String, Place>,
}

impl From<Compiled> for Bundle {
    fn from(compiled: Compiled) -> Self {
        Self {
            stack_name: compiled.stack_name,
            template_create: compiled.template_create,
            template_update: compiled.template_update,
            state: compiled.state,
            artifacts: compiled.artifacts,
            artifact_directory: compiled.artifact_directory,
            artifact_prefix: compiled.artifact_prefix,
            deployment_bucket: compiled.deployment_bucket,
            deployment: compiled.deployment,
            report: compiled.report,
            places: compiled.places,
        }
    }
}

impl Bundle {
    /// The packages keep their names, which the template says; the service's file tells the stack.
    pub fn read(folder: &Path, service: &Service) -> Result<Self, Failure> {
        let document = |name: &str| -> Result<Option<Value>, Failure> {
            let path = folder.join(name);
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(Failure::wrong(format!("cannot read {}: {error}", path.display()))),
            };
            let parsed = serde_json::from_str(&text);
            parsed
                .map(Some)
                .map_err(|error| Failure::wrong(format!("{} is not JSON: {error}", path.display())))
        };
        let missing = |name: &str| {
            Failure::wrong(format!("there is no {name} in {}", folder.display()))
                .help("write it first: poolhouse package --package DIR")
        };
        let template_update = document(UPDATE)?.ok_or_else(|| missing(UPDATE))?;
        let state = document(STATE)?.ok_or_else(|| missing(STATE))?;
        let artifact_directory = state["package"]["artifactDirectoryName"].as_str();
        let artifact_directory =
            artifact_directory.ok_or_else(|| missing("artifactDirectoryName"))?.to_owned();
        let mut artifacts: Vec<Artifact> = Vec::new();
        for key in code_keys(&template_update).values() {
            let name = key.rsplit('/').next().unwrap_or(key);
            if artifacts.iter().any(|known| known.file_name == name) {
                continue;
            }
            let path = folder.join(name);
            let bytes = fs::read(&path)
                .map_err(|error| Failure::wrong(format!("cannot read {}: {error}", path.display())))?;
            let sha256 = STANDARD.encode(crypto::digest::sha256(&bytes));
            artifacts.push(Artifact { file_name: name.to_owned(), bytes: Arc::new(bytes), sha256 });
        }
        Ok(Self {
            stack_name: service.stack_name(),
            template_create: document(CREATE)?,
            template_update,
            state,
            artifacts,
            artifact_directory,
            artifact_prefix: service.artifact_prefix(),
            deployment_bucket: service.deployment_bucket().map(str::to_owned),
            deployment: service.deployment(),
            report: Report::default(),
            places: BTreeMap::new(),
        })
    }

    /// `   --> serverless.yml:12:5 (Pool)`: where what a message names was written.
    pub fn places_named_in(&self, message: &str) -> Vec<String> {
        let is_named = |id: &str| message.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == id);
        let resources = self.template_update["Resources"].as_object();
        let by_type = |id: &str| {
            let kind = resources.and_then(|all| all.get(id)?["Type"].as_str());
            kind.is_some_and(|kind| {
                message.contains(&format!("[{kind}]"))
                    || message.contains(&format!("{kind},"))
                    || message.contains(&format!("{kind}]"))
            })
        };
        self.places
            .keys()
            .filter(|id| is_named(id) || by_type(id))
            .filter_map(|id| self.place_of(id))
            .collect()
    }

    pub fn place_of(&self, logical_id: &str) -> Option<String> {
        let place = self.places.get(logical_id)?;
        let (line, column) = self.report.sources.position(*place);
        let file = &self.report.sources.get(place.file)?.name;
        Some(format!("    --> {file}:{line}:{column} ({logical_id})"))
    }
}

/// Logical id of each function to the key its code is at.
pub fn code_keys(template: &Value) -> BTreeMap<String, String> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    resources
        .filter_map(|(id, resource)| {
            Some((id.clone(), resource["Properties"]["Code"]["S3Key"].as_str()?.to_owned()))
        })
        .collect()
}
