//! Plugins are programs for the Serverless Framework and do not run here: each is named, with what that means.

use crate::{diagnostics::Diagnostic, node::Node};

/// What they do is done here anyway, or means nothing here.
const NOT_NEEDED: [&str; 14] = [
    "serverless-add-api-key",
    "serverless-cloudformation-changesets",
    "serverless-deployment-bucket",
    "serverless-domain-manager",
    "serverless-dotenv-plugin",
    "serverless-latest-layer-version",
    "serverless-localstack",
    "serverless-offline",
    "serverless-plugin-canary-deployments",
    "serverless-plugin-warmup",
    "serverless-prune-plugin",
    "serverless-s3-local",
    "serverless-s3-sync",
    "serverless-stack-termination-protection",
];

/// Without them the code that is deployed is not the code that runs.
const BUILDERS: [&str; 9] = [
    "serverless-bundle",
    "serverless-esbuild",
    "serverless-jetpack",
    "serverless-plugin-optimize",
    "serverless-plugin-typescript",
    "serverless-python-requirements",
    "serverless-rust",
    "serverless-webpack",
    "serverless-go-plugin",
];

/// Without them parts of the configuration mean nothing.
const SHAPERS: [&str; 6] = [
    "serverless-apigateway-service-proxy",
    "serverless-appsync-plugin",
    "serverless-iam-roles-per-function",
    "serverless-lift",
    "serverless-plugin-split-stacks",
    "serverless-step-functions",
];

pub fn check(root: &Node, problems: &mut Vec<Diagnostic>) {
    let plugins = root.get("plugins");
    let modules = plugins.and_then(|node| node.get("modules")).or(plugins).and_then(Node::as_list);
    for node in modules.unwrap_or_default() {
        let Some(name) = node.as_text() else { continue };
        problems.push(if BUILDERS.contains(&name) {
            Diagnostic::error(
                node.place,
                format!("the plugin {name} builds the code, and plugins do not run here"),
            )
            .help("run the build yourself and point 'handler' or 'package.artifact' at what it makes")
        } else if SHAPERS.contains(&name) {
            Diagnostic::error(
                node.place,
                format!(
                    "the plugin {name} changes what the configuration means, and plugins do not run here"
                ),
            )
        } else if NOT_NEEDED.contains(&name) {
            Diagnostic::warning(node.place, format!("the plugin {name} is not needed here and is skipped"))
        } else {
            Diagnostic::warning(node.place, format!("the plugin {name} is skipped: plugins do not run here"))
        });
    }
}
