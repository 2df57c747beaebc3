//! The API with its resources (one for each part of each path), and its deployment.

use serde_json::{Value as Json, json};

use super::{API, Work, route::Route};
use crate::{
    compile::{
        naming,
        template::{absent, join},
    },
    diagnostics::Diagnostic,
    node::Node,
};

impl Work<'_> {
    pub(super) fn rest_api(&mut self, routes: &[Route]) {
        match self.api_setting("restApiId").map(|node| node.place) {
            None => self.own_api(),
            Some(place) if self.api_setting("restApiRootResourceId").is_none() => {
                let message = "'restApiId' needs 'restApiRootResourceId' beside it";
                self.problems.push(Diagnostic::error(place, message));
            }
            Some(_) => {}
        }
        for route in routes.iter().filter(|route| !route.path.is_empty()) {
            let mut path = String::new();
            for part in route.path.split('/') {
                let parent = self.resource_id(&path);
                if !path.is_empty() {
                    path.push('/');
                }
                path.push_str(part);
                let resource = json!({
                    "Type": "AWS::ApiGateway::Resource",
                    "Properties": {"ParentId": parent, "PathPart": part, "RestApiId": self.api_id()}
                });
                let id = naming::resource(&path);
                self.check_twin(&id, part, &parent, route);
                self.template.lay(id, route.place, resource);
            }
        }
    }

    /// Two paths whose logical ids are the same (`/a-b` and `/aDashb`) would quietly become one.
    fn check_twin(&mut self, id: &str, part: &str, parent: &Json, route: &Route) {
        let Some(known) = self.template.resource(id).and_then(|known| known.get("Properties")) else {
            return;
        };
        let other = known.get("PathPart").and_then(Json::as_str).unwrap_or_default();
        if other != part || known.get("ParentId") != Some(parent) {
            let message = format!(
                "the path '/{}' gets the same name ({id}) as another one with '{other}' in it; change one of the two",
                route.path
            );
            self.problems.push(Diagnostic::error(route.place, message));
        }
    }

    fn own_api(&mut self) {
        let provider = &self.service.provider;
        let kind = self
            .service
            .provider_text("endpointType")
            .map_or_else(|| String::from("EDGE"), str::to_uppercase);
        let mut endpoint = json!({"Types": [kind]});
        if let Some(ids) = provider.get("vpcEndpointIds").filter(|_| provider.get("endpointType").is_some()) {
            if kind != "PRIVATE" {
                let message = "'vpcEndpointIds' are for endpointType PRIVATE only";
                self.problems.push(Diagnostic::error(ids.place, message));
            }
            endpoint["VpcEndpointIds"] = ids.to_json();
        }
        let (service, stage) = (&self.service.name, &self.service.stage);
        let service_first = self.api_setting("shouldStartNameWithService").is_some();
        let name = match self.service.provider_text("apiName") {
            Some(name) => name.to_owned(),
            None if service_first => format!("{service}-{stage}"),
            None => format!("{stage}-{service}"),
        };
        let setting = |key: &str| self.api_setting(key).map_or_else(absent, Node::to_json);
        let written = |key: &str| {
            provider.get("apiGateway").and_then(|node| node.get(key)).map_or_else(absent, Node::to_json)
        };
        let policy = self
            .api_setting("resourcePolicy")
            .filter(|node| node.as_list().is_some_and(|list| !list.is_empty()));
        let policy = policy.map_or_else(
            || json!(""),
            |statements| json!({"Version": "2012-10-17", "Statement": statements.to_json()}),
        );
        let key_source = self.api_setting("apiKeySourceType").and_then(Node::as_text);
        let api = json!({
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {
                "Name": name,
                "BinaryMediaTypes": setting("binaryMediaTypes"),
                "DisableExecuteApiEndpoint": written("disableDefaultEndpoint"),
                "EndpointConfiguration": endpoint,
                "Policy": policy,
                "ApiKeySourceType": key_source.map_or_else(absent, |text| json!(text.to_uppercase())),
                "MinimumCompressionSize": written("minimumCompressionSize"),
                "Description": setting("description"),
            }
        });
        let place = provider.get("apiGateway").map_or(provider.place, |node| node.place);
        self.template.lay(API, place, api);
    }

    /// A new one each time: a deployment cannot be changed, and a stage shows the newest.
    pub(super) fn deployment(&mut self, methods: &[String]) {
        let id = format!("ApiGatewayDeployment{}", self.service.now_millis);
        let stage = &self.service.stage;
        let shown = self.api_setting("stage").map_or_else(|| json!(stage), Node::to_json);
        let description = self.api_setting("description").map_or_else(absent, Node::to_json);
        let deployment = json!({
            "Type": "AWS::ApiGateway::Deployment",
            "Properties": {"RestApiId": self.api_id(), "StageName": shown, "Description": description},
            "DependsOn": methods,
        });
        let url = join(json!([
            "https://",
            self.api_id(),
            ".execute-api.",
            {"Ref": "AWS::Region"},
            ".",
            {"Ref": "AWS::URLSuffix"},
            format!("/{stage}")
        ]));
        self.template.lay(id, self.service.root.place, deployment);
        self.template
            .output("ServiceEndpoint", json!({"Description": "URL of the service endpoint", "Value": url}));
    }
}
