//! One `http` event, read.

use serde_json::{Map, Value as Json};

use super::{super::functions::Target, authorizer::Authorizer, cors::Cors};
use crate::{
    compile::Endpoint,
    diagnostics::Diagnostic,
    node::Node,
    place::Place,
    service::{Function, Service},
};

#[derive(Debug)]
pub struct Route {
    pub function: String,
    pub target: Target,
    /// Without `/` at its ends.
    pub path: String,
    /// In small letters.
    pub verb: String,
    pub authorizer: Option<Authorizer>,
    pub cors: Option<Cors>,
    pub private: bool,
    pub integration: &'static str,
    /// `method.request.<location>.<name>` and what is written for it.
    pub parameters: Map<String, Json>,
    pub request: Option<Node>,
    pub response: Option<Node>,
    pub is_async: bool,
    pub operation: Option<String>,
    pub connection: Option<(String, Option<Json>)>,
    pub node: Node,
    pub place: Place,
}

impl Route {
    pub fn read(
        service: &Service,
        function: &Function,
        node: &Node,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let text = |key: &str| node.get(key).and_then(Node::as_text);
        let path = text("path")?;
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path).to_owned();
        check_path(&path, node, problems);
        let verb = text("method")?.to_lowercase();
        let set = |key: &str| node.get(key).is_some_and(Node::is_truthy);
        let integration = integration(text("integration"), set("async"));
        let authorizer = match node.get("authorizer").filter(|node| node.is_truthy()) {
            Some(written) => Some(Authorizer::read(service, written, integration, problems)?),
            None => None,
        };
        let cors = node.get("cors").filter(|node| node.is_truthy()).map(|cors| Cors::read(cors, &verb));
        let mut route = Self {
            function: function.key.clone(),
            target: Target::of(function),
            path,
            verb,
            authorizer,
            cors,
            private: set("private"),
            integration,
            parameters: Map::new(),
            request: node.get("request").cloned(),
            response: node.get("response").cloned(),
            is_async: set("async"),
            operation: text("operationId").map(str::to_owned),
            connection: None,
            node: node.clone(),
            place: node.get("path").map_or(node.place, |path| path.place),
        };
        route.read_backend(problems);
        route.read_parameters();
        Some(route)
    }

    /// What only some integrations can have.
    fn read_backend(&mut self, problems: &mut Vec<Diagnostic>) {
        if matches!(self.integration, "HTTP" | "HTTP_PROXY") {
            if self.request.as_ref().and_then(|node| node.get("uri")).is_none() {
                let message = format!("the {} integration needs 'request.uri'", self.integration);
                problems.push(Diagnostic::error(self.node.place, message));
            }
            if let Some(kind) = self.node.get("connectionType").and_then(Node::as_text) {
                let kind = kind.to_uppercase().replacen('-', "_", 1);
                let id = self.node.get("connectionId").map(Node::to_json);
                if kind == "VPC_LINK" && id.is_none() {
                    problems.push(Diagnostic::error(self.node.place, "a VPC link needs 'connectionId'"));
                }
                self.connection = Some((kind, id));
            }
        }
        let allowed: &[&str] = match self.integration {
            "AWS_PROXY" => &["parameters", "schemas"],
            "HTTP_PROXY" => &["parameters", "uri", "schemas"],
            _ => return,
        };
        if let Some(request) = &self.request {
            for entry in request.as_map().iter().flat_map(|map| &map.entries) {
                if !allowed.contains(&entry.key.as_str()) {
                    let message = format!("'request.{}' has no effect with {}", entry.key, self.integration);
                    let help = "take 'integration: lambda' to map requests and responses";
                    problems.push(Diagnostic::warning(entry.key_place, message).help(help));
                }
            }
        }
        if let Some(response) = self.response.take() {
            let message = format!("'response' has no effect with {}", self.integration);
            problems.push(
                Diagnostic::warning(response.place, message).help("the function writes the whole response"),
            );
        }
    }

    fn read_parameters(&mut self) {
        let Some(parameters) = self.request.as_ref().and_then(|node| node.get("parameters")) else { return };
        for (plural, singular) in [("querystrings", "querystring"), ("paths", "path"), ("headers", "header")]
        {
            let names = parameters.get(plural).and_then(Node::as_map);
            for entry in names.iter().flat_map(|map| &map.entries) {
                let key = format!("method.request.{singular}.{}", entry.key);
                self.parameters.insert(key, entry.value.to_json());
            }
        }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            method: self.verb.to_uppercase(),
            path: format!("/{}", self.path),
            function: self.function.clone(),
            authorizer: self.authorizer.as_ref().map(Authorizer::label),
        }
    }
}

/// `LAMBDA` is the framework's word for `AWS`.
fn integration(written: Option<&str>, is_async: bool) -> &'static str {
    match written.map(|word| word.to_uppercase().replacen('-', "_", 1)).as_deref() {
        Some("LAMBDA" | "AWS") => "AWS",
        Some("HTTP") => "HTTP",
        Some("HTTP_PROXY") => "HTTP_PROXY",
        Some("MOCK") => "MOCK",
        Some(_) => "AWS_PROXY",
        None if is_async => "AWS",
        None => "AWS_PROXY",
    }
}

/// A variable takes a whole part of the path, and a greedy one is the last (Amazon API Gateway Developer Guide,
/// "Set up a proxy integration with a proxy resource").
fn check_path(path: &str, node: &Node, problems: &mut Vec<Diagnostic>) {
    let place = node.get("path").map_or(node.place, |path| path.place);
    let parts: Vec<&str> = path.split('/').collect();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        let fault = if part.is_empty() && parts.len() > 1 {
            Some("has an empty part: '//'")
        } else if part.contains(['{', '}'])
            && !(part.starts_with('{') && part.ends_with('}') && part.len() > 2)
        {
            Some("has a part that is a variable only partly: write '{name}' between two '/'")
        } else if part.ends_with("+}") && !is_last {
            Some("goes on behind a part that takes all the rest: '{name+}' can only be the last")
        } else {
            None
        };
        if let Some(fault) = fault {
            problems.push(Diagnostic::error(place, format!("the path '/{path}' {fault}")));
        }
    }
}
