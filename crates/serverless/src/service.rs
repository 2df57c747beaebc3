//! A service, as its configuration says it.

use std::path::PathBuf;

use serde_json::Value as Json;

use crate::{compile, diagnostics::Report, node::Node, place::Place, schema::Event};

/// What the caller knows besides the folder.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The configuration's file name; `serverless.yml` and its kin are looked for where it is not given.
    pub config: Option<String>,
    pub stage: Option<String>,
    pub region: Option<String>,
    /// `--param name=value`.
    pub params: Vec<(String, String)>,
    pub env: Vec<(String, String)>,
    pub account_id: Option<String>,
    /// Now, in milliseconds since the epoch: names the deployment and its folder in the bucket.
    pub now_millis: i64,
}

/// A configuration that can be compiled.
#[derive(Debug)]
pub struct Service {
    pub name: String,
    pub stage: String,
    pub region: String,
    pub folder: PathBuf,
    /// The configuration's file, from the folder.
    pub config_file: String,
    pub functions: Vec<Function>,
    pub now_millis: i64,
    pub(crate) root: Node,
    pub(crate) provider: Node,
    /// Warnings so far, and the text of every file read.
    pub report: Report,
}

#[derive(Debug)]
pub struct Function {
    /// Its key below `functions`.
    pub key: String,
    /// `FunctionName`.
    pub name: String,
    pub(crate) node: Node,
    pub(crate) place: Place,
    pub(crate) events: Vec<Event>,
}

impl Service {
    /// The whole configuration as it was read, every variable resolved.
    pub fn resolved(&self) -> Json {
        self.root.to_json()
    }

    /// What answers at which path of the service's API.
    pub fn endpoints(&self) -> Vec<compile::Endpoint> {
        compile::endpoints(self)
    }

    /// What goes along with the template when the stack is created, changed or deleted.
    pub fn deployment(&self) -> compile::Deployment {
        compile::deployment(self)
    }

    /// The stage's name in the API's addresses.
    pub fn api_stage(&self) -> &str {
        let own = self.provider.at("apiGateway.stage").and_then(Node::as_text);
        own.filter(|stage| !stage.is_empty()).unwrap_or(&self.stage)
    }

    /// `provider.stackName`, or `<service>-<stage>`.
    pub fn stack_name(&self) -> String {
        self.provider_text("stackName").map_or_else(|| format!("{}-{}", self.name, self.stage), str::to_owned)
    }

    /// The bucket that deployments go to, where the service brings its own.
    pub fn deployment_bucket(&self) -> Option<&str> {
        let node = self.provider.get("deploymentBucket")?;
        node.as_text().or_else(|| node.get("name").and_then(Node::as_text))
    }

    /// `<prefix>/<service>/<stage>`: below this the service's artifacts are kept.
    pub fn artifact_prefix(&self) -> String {
        let prefix = self.provider_text("deploymentPrefix").unwrap_or("serverless");
        format!("{prefix}/{}/{}", self.name, self.stage)
    }

    pub(crate) fn provider_text(&self, key: &str) -> Option<&str> {
        self.provider.get(key).and_then(Node::as_text).filter(|text| !text.is_empty())
    }

    pub(crate) fn function(&self, key: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.key == key)
    }
}
