//! `AWS::Lambda::Function`, with its version.

use serde_json::{Map, Value as Json, json};

use super::{
    Work, naming, role,
    template::{absent, attribute, or_absent, reference},
};
use crate::{
    node::Node,
    service::{Function, Service},
};

/// What calls a function: the function itself, or an alias of it that keeps workers warm.
#[derive(Clone, Debug)]
pub struct Target {
    pub lambda: String,
    pub alias: Option<Alias>,
}

#[derive(Clone, Debug)]
pub struct Alias {
    pub name: &'static str,
    pub logical_id: String,
}

impl Target {
    pub fn of(function: &Function) -> Self {
        let name = naming::normalized(&function.key);
        let set = |key: &str| function.node.get(key).is_some_and(Node::is_truthy);
        let alias = if set("provisionedConcurrency") {
            Some(Alias { name: "provisioned", logical_id: format!("{name}ProvConcLambdaAlias") })
        } else if set("snapStart") {
            Some(Alias { name: "snapstart", logical_id: format!("{name}SnapStartLambdaAlias") })
        } else {
            None
        };
        Self { lambda: naming::lambda(&function.key), alias }
    }

    pub fn arn(&self) -> Json {
        let arn = attribute(&self.lambda, "Arn");
        match &self.alias {
            Some(alias) => json!({"Fn::Join": [":", [arn, alias.name]]}),
            None => arn,
        }
    }

    pub fn depends_on(&self) -> Json {
        or_absent(self.alias.as_ref().map(|alias| alias.logical_id.clone()))
    }
}

impl<'a> Work<'a> {
    pub(super) fn function(&mut self, function: &'a Function) {
        let Some(artifact) = self.packed.of_function.get(&function.key) else { return };
        let Some(artifact) = self.packed.artifacts.get(*artifact) else { return };
        let service = self.service;
        let mut properties = Map::new();
        let bucket = service
            .deployment_bucket()
            .map_or_else(|| reference("ServerlessDeploymentBucket"), |name| json!(name));
        let key = format!("{}/{}", self.artifact_directory, artifact.file_name);
        properties.insert(String::from("Code"), json!({"S3Bucket": bucket, "S3Key": key}));
        let mut depends_on = Vec::new();
        self.settings(function, &mut properties);
        self.permissions(function, &mut properties);
        if let Some(list) = function.node.get("dependsOn").and_then(Node::as_list) {
            depends_on.extend(list.iter().map(Node::to_json));
        }
        let (role, needed) = execution_role(service, function);
        properties.insert(String::from("Role"), role);
        depends_on.extend(needed.map(Json::String));
        if role::keeps_logs(function) {
            depends_on.insert(0, Json::String(naming::log_group(&function.key)));
        }
        let logical_id = naming::lambda(&function.key);
        let condition = function.node.get("condition").map_or_else(absent, Node::to_json);
        let depends_on = if depends_on.is_empty() { absent() } else { Json::Array(depends_on) };
        let target = Target::of(function);
        let versioned = function
            .node
            .get("versionFunction")
            .or_else(|| service.provider.get("versionFunctions"))
            .is_none_or(Node::is_truthy);
        let has_version = versioned || target.alias.is_some();
        if has_version {
            self.version(function, &properties, &artifact.sha256.clone(), versioned, &target);
        }
        if function.node.get("snapStart").is_some_and(Node::is_truthy) {
            properties.insert(String::from("SnapStart"), json!({"ApplyOn": "PublishedVersions"}));
        }
        self.template.set(
            logical_id,
            function.place,
            json!({
                "Type": "AWS::Lambda::Function",
                "Properties": properties,
                "DependsOn": depends_on,
                "Condition": condition,
            }),
        );
        // The framework reads a versioned function's package before it goes on, and so comes back to it after the
        // others: the order of the role's statements tells.
        if has_version {
            self.later.push((function, target));
        } else {
            self.callers(function, &target);
        }
    }

    pub(super) fn callers(&mut self, function: &Function, target: &Target) {
        self.url(function, target);
        self.invoke_config(function, target);
    }

    /// Settings that the generated role has to allow, too.
    fn permissions(&mut self, function: &Function, properties: &mut Map<String, Json>) {
        let service = self.service;
        let provider = &service.provider;
        if let Some(target) = function.node.get("onError").filter(|node| node.is_truthy()) {
            let arn = target.to_json();
            if target.as_text().is_some()
                && let Some(statements) = self.role_statements()
            {
                statements.push(json!({"Effect": "Allow", "Action": ["sns:Publish"], "Resource": [arn]}));
            }
            properties.insert(String::from("DeadLetterConfig"), json!({"TargetArn": arn}));
        }
        if let Some(key) = function.node.get("kmsKeyArn").or_else(|| provider.get("kmsKeyArn")) {
            let arn = key.to_json();
            if key.as_text().is_some() {
                self.allow(json!({"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [arn]}));
            }
            properties.insert(String::from("KmsKeyArn"), arn);
        }
        let own = function.node.get("tracing").filter(|node| node.is_truthy());
        let tracing = own.or_else(|| provider.at("tracing.lambda").filter(|node| node.is_truthy()));
        if let Some(tracing) = tracing {
            let mode = tracing.as_text().unwrap_or("Active");
            properties.insert(String::from("TracingConfig"), json!({"Mode": mode}));
            self.allow(json!({
                "Effect": "Allow",
                "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
                "Resource": ["*"]
            }));
        }
        if let Some(arn) = function.node.at("fileSystemConfig.arn").map(Node::to_json)
            && let Some(statements) = self.role_statements()
        {
            statements.push(json!({
                "Effect": "Allow",
                "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
                "Resource": [arn]
            }));
        }
    }
}

/// The function's role, and the resource it waits for.
fn execution_role(service: &Service, function: &Function) -> (Json, Option<String>) {
    let provider = &service.provider;
    let own = function.node.get("role").filter(|node| node.is_truthy());
    let role = own.or_else(|| role::existing_role(provider)).or_else(|| provider.get("role"));
    let Some(role) = role else { return (attribute(role::ROLE, "Arn"), None) };
    if let Some(text) = role.as_text() {
        return match text {
            _ if text.starts_with("arn:") => (json!(text), None),
            role::ROLE => (attribute(text, "Arn"), None),
            _ => (attribute(text, "Arn"), Some(text.to_owned())),
        };
    }
    let waits = role.get("Fn::GetAtt").and_then(Node::as_list).and_then(|parts| parts.first()?.as_text());
    (role.to_json(), waits.map(str::to_owned))
}

/// The role's logical id if the function's role is one of this stack's own.
pub fn brings_own_role(service: &Service, function: &Function) -> bool {
    let provider = &service.provider;
    function.node.get("role").is_some()
        || role::existing_role(provider).is_some()
        || provider.get("role").is_some()
}
