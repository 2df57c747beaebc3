//! `AWS::ApiGateway::Method`: what a path answers to a verb.

use serde_json::{Map, Value as Json, json};

use super::{Work, route::Route};
use crate::compile::{
    naming,
    template::{merge, or_absent},
};

impl Work<'_> {
    /// Gives the method's logical id.
    pub(super) fn method(&mut self, route: &Route) -> String {
        let parameters: Map<String, Json> =
            route.parameters.iter().map(|(name, value)| (name.clone(), is_required(value))).collect();
        let mut depends_on = vec![json!(naming::api_permission(&route.function))];
        depends_on.extend(route.target.alias.as_ref().map(|alias| json!(alias.logical_id)));
        let mut method = json!({
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "HttpMethod": route.verb.to_uppercase(),
                "RequestParameters": parameters,
                "ResourceId": self.resource_id(&route.path),
                "RestApiId": self.api_id(),
                "OperationName": or_absent(route.operation.clone()),
                "ApiKeyRequired": route.private,
                "Integration": self.integration(route),
                "MethodResponses": method_responses(route),
            },
            "DependsOn": depends_on,
        });
        let authorization = match &route.authorizer {
            Some(authorizer) => authorizer.authorization(),
            None => json!({"Properties": {"AuthorizationType": "NONE"}}),
        };
        merge(&mut method, authorization);
        let id = naming::method(&naming::path(&route.path), &route.verb);
        self.template.lay(id.clone(), route.place, method);
        id
    }
}

/// `true`, or an object that is required unless it says otherwise.
pub fn is_required(value: &Json) -> Json {
    match value {
        Json::Object(members) => members.get("required").cloned().unwrap_or(Json::Bool(true)),
        other => other.clone(),
    }
}

fn method_responses(route: &Route) -> Vec<Json> {
    if !matches!(route.integration, "AWS" | "HTTP" | "MOCK") {
        return Vec::new();
    }
    let shared = route.response_headers();
    route
        .status_codes()
        .into_iter()
        .map(|(code, config)| {
            let own = config.get("headers").and_then(Json::as_object);
            let names = shared.keys().chain(own.into_iter().flat_map(|headers| headers.keys()));
            let parameters: Map<String, Json> =
                names.map(|name| (format!("method.response.header.{name}"), json!(true))).collect();
            json!({"ResponseParameters": parameters, "ResponseModels": {}, "StatusCode": code})
        })
        .collect()
}
