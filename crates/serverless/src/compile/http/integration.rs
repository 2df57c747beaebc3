//! What stands behind a method, and how requests and responses are put into its form.

use serde_json::{Map, Value as Json, json};

use super::{Work, route::Route};
use crate::{
    compile::template::{absent, attribute, join},
    node::Node,
};

/// The Serverless Framework's own request templates for functions without the proxy integration
/// (see `templates/LICENSE`).
const JSON_TEMPLATE: &str = include_str!("templates/json.vtl");
const FORM_TEMPLATE: &str = include_str!("templates/form.vtl");

impl Work<'_> {
    pub(super) fn integration(&self, route: &Route) -> Json {
        let request = |key: &str| route.request.as_ref().and_then(|node| node.get(key));
        let kind = route.integration;
        let mut integration = json!({"IntegrationHttpMethod": "POST", "Type": kind});
        match kind {
            "AWS" | "AWS_PROXY" => {
                let mut parts = vec![
                    json!("arn:"),
                    json!({"Ref": "AWS::Partition"}),
                    json!(":apigateway:"),
                    json!({"Ref": "AWS::Region"}),
                    json!(":lambda:path/2015-03-31/functions/"),
                    attribute(&route.target.lambda, "Arn"),
                ];
                if let Some(alias) = &route.target.alias {
                    parts.extend([json!(":"), json!(alias.name)]);
                }
                parts.push(json!("/invocations"));
                integration["Uri"] = join(Json::Array(parts));
            }
            "HTTP" | "HTTP_PROXY" => {
                let verb = request("method").and_then(Node::as_text).unwrap_or(&route.verb);
                integration["Uri"] = request("uri").map_or_else(absent, Node::to_json);
                integration["IntegrationHttpMethod"] = json!(verb.to_uppercase());
                if let Some((kind, id)) = &route.connection {
                    integration["ConnectionType"] = json!(kind);
                    integration["ConnectionId"] = id.clone().unwrap_or_else(absent);
                }
            }
            _ => {}
        }
        if matches!(kind, "AWS" | "HTTP" | "MOCK") {
            let default = if kind == "AWS" { json!("NEVER") } else { absent() };
            integration["PassthroughBehavior"] = request("passThrough").map_or(default, Node::to_json);
            integration["ContentHandling"] = request("contentHandling").map_or_else(absent, Node::to_json);
            integration["RequestTemplates"] = request_templates(route);
            integration["IntegrationResponses"] = Json::Array(responses(route));
        }
        let maps_parameters = matches!(kind, "AWS" | "HTTP" | "HTTP_PROXY") && !route.parameters.is_empty();
        if maps_parameters || route.is_async {
            integration["RequestParameters"] = parameters(route);
        }
        integration
    }
}

fn request_templates(route: &Route) -> Json {
    let mut templates = Map::new();
    if route.integration == "AWS" {
        templates.insert(String::from("application/json"), json!(JSON_TEMPLATE));
        templates.insert(String::from("application/x-www-form-urlencoded"), json!(FORM_TEMPLATE));
    }
    let own = route.request.as_ref().and_then(|node| node.get("template")).and_then(Node::as_map);
    for entry in own.iter().flat_map(|map| &map.entries) {
        if entry.value.is_null() {
            templates.remove(&entry.key);
        } else {
            templates.insert(entry.key.clone(), entry.value.to_json());
        }
    }
    if templates.is_empty() {
        return absent();
    }
    let claims: String = route
        .authorizer
        .iter()
        .flat_map(|authorizer| &authorizer.claims)
        .map(|claim| match claim.split_once(':') {
            Some((_, name)) => format!("\"{name}\": \"$context.authorizer.claims['{claim}']\","),
            None => format!("\"{claim}\": \"$context.authorizer.claims.{claim}\","),
        })
        .collect();
    for template in templates.values_mut() {
        if let Some(text) = template.as_str() {
            *template = json!(text.replacen("extraCognitoPoolClaims", &claims, 1));
        }
    }
    Json::Object(templates)
}

fn parameters(route: &Route) -> Json {
    let mut parameters = Map::new();
    for (name, value) in &route.parameters {
        let mapped = value.get("mappedValue").cloned().unwrap_or_else(|| json!(name));
        let tail = name.strip_prefix("method.").unwrap_or(name);
        parameters.insert(format!("integration.{tail}"), mapped);
    }
    if route.is_async {
        parameters.insert(String::from("integration.request.header.X-Amz-Invocation-Type"), json!("'Event'"));
    }
    Json::Object(parameters)
}

fn responses(route: &Route) -> Vec<Json> {
    let shared = route.response_headers();
    let response = |key: &str| route.response.as_ref().and_then(|node| node.get(key));
    route
        .status_codes()
        .into_iter()
        .map(|(code, config)| {
            let own = config.get("headers").and_then(Json::as_object).into_iter().flatten();
            let headers: Map<String, Json> = shared
                .iter()
                .chain(own)
                .map(|(name, value)| (format!("method.response.header.{name}"), value.clone()))
                .collect();
            let mut templates = Map::new();
            if let Some(template) = response("template").filter(|node| node.is_truthy()) {
                templates.insert(String::from("application/json"), template.to_json());
            }
            match config.get("template") {
                Some(Json::String(text)) if !text.is_empty() => {
                    templates.insert(String::from("application/json"), json!(text));
                }
                Some(Json::Object(own)) => templates.extend(own.clone()),
                _ => {}
            }
            let handling = response("contentHandling").filter(|_| code.starts_with('2'));
            json!({
                "StatusCode": code,
                "SelectionPattern": config.get("pattern").and_then(Json::as_str).unwrap_or_default(),
                "ResponseParameters": headers,
                "ResponseTemplates": templates,
                "ContentHandling": handling.map_or_else(absent, Node::to_json),
            })
        })
        .collect()
}

/// Which answers of a function mean which status, where the service does not say.
const STATUS_CODES: [(&str, &str); 9] = [
    ("200", ""),
    ("400", r"[\s\S]*\[400\][\s\S]*"),
    ("401", r"[\s\S]*\[401\][\s\S]*"),
    ("403", r"[\s\S]*\[403\][\s\S]*"),
    ("404", r"[\s\S]*\[404\][\s\S]*"),
    ("422", r"[\s\S]*\[422\][\s\S]*"),
    ("500", r"[\s\S]*(Process\s?exited\s?before\s?completing\s?request|\[500\])[\s\S]*"),
    ("502", r"[\s\S]*\[502\][\s\S]*"),
    ("504", r"([\s\S]*\[504\][\s\S]*)|(.*Task timed out after \d+\.\d+ seconds$)"),
];

impl Route {
    /// In rising order, as a JavaScript object keeps such keys.
    pub(super) fn status_codes(&self) -> Vec<(String, Json)> {
        let empty = self.response.as_ref().and_then(Node::as_map).is_none_or(|map| map.entries.is_empty());
        if empty && self.integration != "AWS" {
            return Vec::new();
        }
        let own = self.response.as_ref().and_then(|node| node.get("statusCodes")).and_then(Node::as_map);
        let Some(own) = own else {
            let all = STATUS_CODES.iter();
            return all.map(|(code, pattern)| ((*code).to_owned(), json!({"pattern": pattern}))).collect();
        };
        let mut codes: Vec<(String, Json)> =
            own.entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect();
        let has_default = codes.iter().any(|(_, config)| config.get("pattern") == Some(&json!("")));
        if !has_default {
            codes.retain(|(code, _)| code != "200");
            codes.push((String::from("200"), json!({"pattern": ""})));
        }
        codes.sort_by_key(|(code, _)| code.parse::<u32>().unwrap_or(u32::MAX));
        codes
    }

    /// Headers that every status of this method carries.
    pub(super) fn response_headers(&self) -> Map<String, Json> {
        let mut headers = Map::new();
        if let Some(cors) = &self.cors {
            headers.insert(
                String::from("Access-Control-Allow-Origin"),
                json!(format!("'{}'", cors.allowed_origin())),
            );
            if cors.allow_credentials {
                headers.insert(String::from("Access-Control-Allow-Credentials"), json!("true"));
            }
        }
        if let Some(Json::Object(own)) =
            self.response.as_ref().and_then(|node| node.get("headers")).map(Node::to_json)
        {
            headers.extend(own);
        }
        headers
    }
}
