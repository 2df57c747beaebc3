//! A function's own settings and the provider's, as properties of `AWS::Lambda::Function`.

use serde_json::{Map, Value as Json, json};

use super::{DEFAULT_RUNTIME, Work};
use crate::{diagnostics::Diagnostic, node::Node, service::Function};

impl Work<'_> {
    pub(super) fn settings(&mut self, function: &Function, properties: &mut Map<String, Json>) {
        let provider = &self.service.provider;
        let own = |key: &str| function.node.get(key).filter(|node| node.is_truthy());
        let setting = |key: &str| own(key).or_else(|| provider.get(key).filter(|node| node.is_truthy()));
        let mut put = |key: &str, value: Option<Json>| {
            if let Some(value) = value {
                properties.insert(key.to_owned(), value);
            }
        };
        let runtime = setting("runtime").and_then(Node::as_text).unwrap_or(DEFAULT_RUNTIME);
        put("Handler", own("handler").map(Node::to_json));
        put("Runtime", Some(json!(runtime)));
        put("FunctionName", Some(json!(function.name)));
        put("MemorySize", Some(setting("memorySize").map_or_else(|| json!(1024), Node::to_json)));
        put("Timeout", Some(setting("timeout").map_or_else(|| json!(6), Node::to_json)));
        put("RuntimeManagementConfig", runtime_management(function, provider));
        put("Architectures", setting("architecture").map(|node| json!([node.to_json()])));
        put("Description", own("description").map(Node::to_json));
        put(
            "Tags",
            over(provider.get("tags"), function.node.get("tags")).map(|tags| super::template::tags(&tags)),
        );
        put("EphemeralStorage", own("ephemeralStorageSize").map(|node| json!({"Size": node.to_json()})));
        let environment = over(provider.get("environment"), function.node.get("environment"));
        put("Environment", environment.map(|variables| json!({"Variables": variables})));
        put("ReservedConcurrentExecutions", function.node.get("reservedConcurrency").map(Node::to_json));
        put("Layers", own("layers").or_else(|| provider.get("layers")).map(Node::to_json));
        let vpc = vpc(function, provider);
        let is_in_vpc = vpc.is_some();
        put("VpcConfig", vpc);
        if let Some(node) = own("fileSystemConfig") {
            if !is_in_vpc {
                let message =
                    format!("the function '{}' has a file system but no vpc to reach it in", function.key);
                self.problems.push(Diagnostic::error(node.place, message));
            }
            let part = |key: &str| node.get(key).map_or(Json::Null, Node::to_json);
            put(
                "FileSystemConfigs",
                Some(json!([{"Arn": part("arn"), "LocalMountPath": part("localMountPath")}])),
            );
        }
    }
}

/// The members of both, the second one's over the first one's; `None` where there is neither.
fn over(first: Option<&Node>, second: Option<&Node>) -> Option<Map<String, Json>> {
    if first.is_none() && second.is_none() {
        return None;
    }
    let mut members = Map::new();
    for node in [first, second].into_iter().flatten() {
        if let Json::Object(more) = node.to_json() {
            members.extend(more);
        }
    }
    Some(members)
}

fn runtime_management(function: &Function, provider: &Node) -> Option<Json> {
    let (mut mode, mut arn) = (String::from("auto"), None);
    for node in
        [provider.get("runtimeManagement"), function.node.get("runtimeManagement")].into_iter().flatten()
    {
        let word = node.as_text().or_else(|| node.get("mode").and_then(Node::as_text));
        mode = word.map_or(mode, str::to_owned);
        arn = node.get("arn").map(Node::to_json).or(arn);
    }
    match mode.as_str() {
        "onFunctionUpdate" => Some(json!({"UpdateRuntimeOn": "FunctionUpdate"})),
        "manual" => Some(json!({"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": arn})),
        _ => None,
    }
}

/// `vpc: false` on a function takes it out of the provider's network.
fn vpc(function: &Function, provider: &Node) -> Option<Json> {
    let own = function.node.as_map().and_then(|map| map.get("vpc"));
    if own.is_some_and(|node| node.is_null() || node.as_bool() == Some(false)) {
        return None;
    }
    let part = |key: &str| {
        let mine = own.and_then(|node| node.get(key)).filter(|node| node.is_truthy());
        mine.or_else(|| provider.get("vpc").and_then(|node| node.get(key))).map(Node::to_json)
    };
    Some(json!({"SecurityGroupIds": part("securityGroupIds")?, "SubnetIds": part("subnetIds")?}))
}
