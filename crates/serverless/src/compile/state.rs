//! `serverless-state.json`: what the Serverless Framework reads back when it deploys a package (`deploy --package`).

use serde_json::{Value as Json, json};

use crate::{node::Node, package::Packed, service::Service};

pub fn state(
    service: &Service,
    artifact_directory: &str,
    packed: &Packed,
    template_create: &Option<Json>,
    template_update: &Json,
) -> Json {
    let mut provider = service.provider.to_json();
    if let Json::Object(members) = &mut provider {
        members.insert(String::from("stage"), json!(service.stage));
        members.insert(String::from("region"), json!(service.region));
        members.insert(String::from("versionFunctions"), json!(true));
        members.insert(String::from("compiledCloudFormationTemplate"), template_update.clone());
        if let Some(template) = template_create {
            members.insert(String::from("coreCloudFormationTemplate"), template.clone());
        }
    }
    let functions: Json = service
        .functions
        .iter()
        .map(|function| {
            let mut json = function.node.to_json();
            json["name"] = json!(function.name);
            if json.get("events").is_none_or(Json::is_null) {
                json["events"] = json!([]);
            }
            if let Some(artifact) =
                packed.of_function.get(&function.key).and_then(|at| packed.artifacts.get(*at))
            {
                json["package"]["artifact"] = json!(format!(".serverless/{}", artifact.file_name));
            }
            (function.key.clone(), json)
        })
        .collect::<serde_json::Map<String, Json>>()
        .into();
    let flag = |path: &str| service.root.at(path).is_some_and(Node::is_truthy);
    let shared = format!("{}.zip", service.name);
    let shared = packed.artifacts.iter().find(|artifact| artifact.file_name == shared);
    json!({
        "service": {
            "service": service.name,
            "serviceObject": {"name": service.name},
            "provider": provider,
            "functions": functions,
            "custom": service.root.get("custom").map(Node::to_json),
            "resources": service.root.get("resources").map(Node::to_json),
            "layers": {},
        },
        "package": {
            "individually": flag("package.individually"),
            "artifactDirectoryName": artifact_directory,
            "artifact": shared.map_or("", |artifact| artifact.file_name.as_str()),
        }
    })
}
