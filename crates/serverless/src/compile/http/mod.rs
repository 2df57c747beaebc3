//! The `http` event: a REST API of API Gateway in front of the functions.

mod api;
mod authorizer;
mod cors;
mod integration;
mod keys;
mod methods;
mod route;
mod validators;

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    Endpoint, Work, naming,
    template::{attribute, reference},
};
use crate::{diagnostics::Diagnostic, node::Node, schema::EventKind, service::Service};
use cors::Preflight;
use route::Route;

pub const API: &str = "ApiGatewayRestApi";

pub fn check(service: &Service, problems: &mut Vec<Diagnostic>) {
    read(service, problems);
}

/// What answers at which path, without compiling.
pub fn endpoints(service: &Service) -> Vec<Endpoint> {
    read(service, &mut Vec::new()).iter().map(Route::endpoint).collect()
}

fn read(service: &Service, problems: &mut Vec<Diagnostic>) -> Vec<Route> {
    let mut routes = Vec::new();
    for function in &service.functions {
        for event in function.events.iter().filter(|event| event.kind == EventKind::Http) {
            routes.extend(Route::read(service, function, &event.node, problems));
        }
    }
    routes
}

impl Work<'_> {
    pub(super) fn http(&mut self) -> Vec<Endpoint> {
        let routes = self.routes();
        if routes.is_empty() {
            return Vec::new();
        }
        self.check_stage(&routes);
        let mut preflights: Vec<(String, Preflight)> = Vec::new();
        for route in &routes {
            if let Some(cors) = &route.cors {
                match preflights.iter_mut().find(|(path, _)| *path == route.path) {
                    Some((_, known)) => known.join(cors),
                    None => preflights.push((route.path.clone(), Preflight::of(cors))),
                }
            }
        }
        self.rest_api(&routes);
        let mut methods = Vec::new();
        for (path, preflight) in &preflights {
            let place = routes
                .iter()
                .find(|route| route.path == *path)
                .map_or(self.service.root.place, |route| route.place);
            methods.push(self.preflight(path, preflight, place));
        }
        for route in &routes {
            methods.push(self.method(route));
        }
        for route in &routes {
            self.validate(route);
        }
        for route in &routes {
            self.authorizer(route);
        }
        self.deployment(&methods);
        self.api_keys();
        for route in &routes {
            self.api_permission(route);
        }
        routes.iter().map(Route::endpoint).collect()
    }

    fn routes(&mut self) -> Vec<Route> {
        let routes = read(self.service, &mut self.problems);
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (index, route) in routes.iter().enumerate() {
            if let Some(first) = seen.insert((route.verb.clone(), route.path.clone()), index) {
                let message = format!(
                    "{} /{} is written twice; the last one would win",
                    route.verb.to_uppercase(),
                    route.path
                );
                self.problems
                    .push(Diagnostic::warning(route.place, message).also(routes[first].place, "first here"));
            }
        }
        routes
    }

    fn check_stage(&mut self, routes: &[Route]) {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !self.service.stage.chars().all(fits) {
            let message =
                format!("API Gateway takes no stage '{}': letters, digits, '-' and '_'", self.service.stage);
            let place = routes.first().map(|route| route.place);
            self.problems.push(Diagnostic::error(place, message));
        }
    }

    /// The API of this stack, or the one that `provider.apiGateway.restApiId` names.
    fn api_id(&self) -> Json {
        self.api_setting("restApiId").map_or_else(|| reference(API), Node::to_json)
    }

    fn api_setting(&self, key: &str) -> Option<&Node> {
        self.service.provider.get("apiGateway").and_then(|node| node.get(key)).filter(|node| node.is_truthy())
    }

    fn resource_id(&self, path: &str) -> Json {
        if !path.is_empty() {
            return reference(&naming::resource(path));
        }
        self.api_setting("restApiRootResourceId")
            .map_or_else(|| attribute(API, "RootResourceId"), Node::to_json)
    }

    fn invoke_arn(&self) -> Json {
        super::template::join(json!([
            "arn:",
            {"Ref": "AWS::Partition"},
            ":execute-api:",
            {"Ref": "AWS::Region"},
            ":",
            {"Ref": "AWS::AccountId"},
            ":",
            self.api_id(),
            "/*/*"
        ]))
    }
}
