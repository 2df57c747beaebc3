//! A function's own URL (`AWS::Lambda::Url`).

use serde_json::{Value as Json, json};

use super::{
    Work,
    functions::Target,
    naming,
    template::{absent, attribute},
};
use crate::{node::Node, service::Function};

const HEADERS: [&str; 6] =
    ["Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token", "X-Amzn-Trace-Id"];

impl Work<'_> {
    pub(super) fn url(&mut self, function: &Function, target: &Target) {
        let Some(url) = function.node.get("url").filter(|node| node.is_truthy()) else { return };
        let auth =
            if url.get("authorizer").and_then(Node::as_text) == Some("aws_iam") { "AWS_IAM" } else { "NONE" };
        let cors = url.get("cors").filter(|node| node.is_truthy()).map_or_else(absent, cors);
        let invoke_mode = match url.get("invokeMode").and_then(Node::as_text) {
            Some("RESPONSE_STREAM") => json!("RESPONSE_STREAM"),
            _ => absent(),
        };
        let id = format!("{}LambdaFunctionUrl", naming::normalized(&function.key));
        self.template.set(
            id.clone(),
            function.place,
            json!({
                "Type": "AWS::Lambda::Url",
                "Properties": {
                    "AuthType": auth,
                    "TargetFunctionArn": target.arn(),
                    "Cors": cors,
                    "InvokeMode": invoke_mode,
                },
                "DependsOn": target.depends_on(),
            }),
        );
        self.template.output(
            id.clone(),
            json!({"Description": "Lambda Function URL", "Value": attribute(&id, "FunctionUrl")}),
        );
        if auth == "NONE" {
            self.template.set(
                format!("{}LambdaPermissionFnUrl", naming::normalized(&function.key)),
                function.place,
                json!({
                    "Type": "AWS::Lambda::Permission",
                    "Properties": {
                        "FunctionName": target.arn(),
                        "Action": "lambda:InvokeFunctionUrl",
                        "Principal": "*",
                        "FunctionUrlAuthType": auth,
                    },
                    "DependsOn": target.depends_on(),
                }),
            );
        }
    }
}

/// A list that is null is left out; one that is not written has its default.
fn cors(node: &Node) -> Json {
    let list = |key: &str, default: Json| match node.as_map().and_then(|map| map.get(key)) {
        Some(node) if node.is_null() => absent(),
        Some(node) => {
            let mut items: Vec<Json> = Vec::new();
            for item in node.as_list().unwrap_or_default().iter().map(Node::to_json) {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
            Json::Array(items)
        }
        None => default,
    };
    let credentials = node.get("allowCredentials").filter(|node| node.is_truthy());
    json!({
        "AllowCredentials": credentials.map_or_else(absent, Node::to_json),
        "AllowHeaders": list("allowedHeaders", json!(HEADERS)),
        "AllowMethods": list("allowedMethods", json!(["*"])),
        "AllowOrigins": list("allowedOrigins", json!(["*"])),
        "ExposeHeaders": list("exposedResponseHeaders", absent()),
        "MaxAge": node.get("maxAge").map_or_else(absent, Node::to_json),
    })
}
