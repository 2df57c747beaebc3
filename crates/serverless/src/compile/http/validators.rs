//! Requests that are checked before the function sees them: required parameters, bodies by JSON Schema.

use serde_json::{Value as Json, json};

use super::{API, Work, methods::is_required, route::Route};
use crate::{
    compile::{
        naming,
        template::{or_absent, reference},
    },
    node::Node,
};

impl Work<'_> {
    pub(super) fn validate(&mut self, route: &Route) {
        let method = naming::method(&naming::path(&route.path), &route.verb);
        let requires = |value: &Json| is_required(value).as_bool().unwrap_or(false);
        if route.parameters.values().any(requires) {
            self.use_validator(route, &method);
        }
        let schemas = route.request.as_ref().and_then(|node| node.get("schemas")).and_then(Node::as_map);
        for entry in schemas.iter().flat_map(|map| &map.entries) {
            self.use_validator(route, &method);
            let model = self.model(route, &entry.key, &entry.value);
            if let Some(resource) = self.template.resource(&method) {
                resource["Properties"]["RequestModels"][&entry.key] = reference(&model);
            }
        }
    }

    fn use_validator(&mut self, route: &Route, method: &str) {
        let (service, stage) = (&self.service.name, &self.service.stage);
        let id = format!("ApiGateway{}RequestValidator", naming::alphanumeric(service));
        let validator = json!({
            "Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {
                "RestApiId": self.api_id(),
                "ValidateRequestBody": true,
                "ValidateRequestParameters": true,
                "Name": format!("{service}-{stage} | Validate request body and querystring parameters"),
            }
        });
        self.template.set(id.clone(), route.place, validator);
        if let Some(resource) = self.template.resource(method) {
            resource["Properties"]["RequestValidatorId"] = reference(&id);
        }
    }

    /// A schema by the name it has below `provider.apiGateway.request.schemas`, or written in place.
    fn model(&mut self, route: &Route, content_type: &str, written: &Node) -> String {
        let shared = written.as_text().and_then(|name| {
            let schemas = self.service.provider.at("apiGateway.request.schemas")?;
            Some((name.to_owned(), schemas.get(name)?.clone()))
        });
        let (id, node, api, content_type) = match &shared {
            Some((name, node)) => (naming::shared_model(name), node, reference(API), "application/json"),
            None => {
                let id = naming::endpoint_model(&naming::path(&route.path), &route.verb, content_type);
                (id, written, self.api_id(), content_type)
            }
        };
        let is_described = node.get("schema").is_some_and(Node::is_truthy);
        let schema = if is_described { node.get("schema").unwrap_or(node) } else { node };
        let text = |key: &str| {
            let described = is_described || shared.is_some();
            or_absent(
                node.get(key).filter(|_| described).and_then(Node::as_text).filter(|text| !text.is_empty()),
            )
        };
        let model = json!({
            "Type": "AWS::ApiGateway::Model",
            "Properties": {
                "RestApiId": api,
                "ContentType": content_type,
                "Schema": schema.to_json(),
                "Name": text("name"),
                "Description": text("description"),
            }
        });
        self.template.set(id.clone(), written.place, model);
        id
    }
}
