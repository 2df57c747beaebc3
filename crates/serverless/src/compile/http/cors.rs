//! CORS: the answer to a browser that asks first, by a MOCK method at each path that wants it.

use serde_json::{Map, Value as Json, json};

use super::Work;
use crate::{compile::naming, node::Node, place::Place};

const HEADERS: [&str; 7] = [
    "Content-Type",
    "X-Amz-Date",
    "Authorization",
    "X-Api-Key",
    "X-Amz-Security-Token",
    "X-Amz-User-Agent",
    "X-Amzn-Trace-Id",
];

/// One method's wish.
#[derive(Clone, Debug, Default)]
pub struct Cors {
    pub origin: Option<String>,
    pub origins: Vec<String>,
    methods: Vec<String>,
    headers: Vec<String>,
    pub allow_credentials: bool,
    max_age: Option<i64>,
    cache_control: Option<String>,
}

impl Cors {
    /// `true`, or an object.
    pub fn read(node: &Node, verb: &str) -> Self {
        let words = |key: &str| -> Option<Vec<String>> {
            let items = node.get(key)?.as_list()?;
            Some(items.iter().filter_map(|item| item.as_text().map(str::to_owned)).collect())
        };
        let text = |key: &str| node.get(key).and_then(Node::as_text).map(str::to_owned);
        let origins = words("origins");
        let origin = text("origin").or_else(|| origins.is_none().then(|| String::from("*")));
        let mut cors = Self {
            origin,
            origins: origins.unwrap_or_default(),
            methods: words("methods").unwrap_or_else(|| vec![String::from("OPTIONS")]),
            headers: words("headers").unwrap_or_else(|| HEADERS.map(str::to_owned).to_vec()),
            allow_credentials: node.get("allowCredentials").is_some_and(Node::is_truthy),
            max_age: node.get("maxAge").and_then(Node::as_integer),
            cache_control: text("cacheControl").filter(|text| !text.is_empty()),
        };
        add_new(&mut cors.methods, &[String::from("OPTIONS"), verb.to_uppercase()]);
        cors
    }

    /// As a response's header says it.
    pub fn allowed_origin(&self) -> String {
        if self.origins.is_empty() { self.origin.clone().unwrap_or_default() } else { self.origins.join(",") }
    }
}

/// What all methods at a path wish together; where they differ the last one has its way.
pub struct Preflight(Cors);

impl Preflight {
    pub fn of(cors: &Cors) -> Self {
        let mut own = Cors::default();
        add_new(&mut own.headers, &cors.headers);
        add_new(&mut own.methods, &cors.methods);
        add_new(&mut own.origins, &cors.origins);
        Self(Cors { headers: own.headers, methods: own.methods, origins: own.origins, ..cors.clone() })
    }

    pub fn join(&mut self, cors: &Cors) {
        let union = |new: &[String], old: &[String]| {
            let mut all = Vec::new();
            add_new(&mut all, new);
            add_new(&mut all, old);
            all
        };
        self.0 = Cors {
            origin: cors.origin.clone(),
            origins: union(&cors.origins, &self.0.origins),
            methods: union(&cors.methods, &self.0.methods),
            headers: union(&cors.headers, &self.0.headers),
            allow_credentials: self.0.allow_credentials || cors.allow_credentials,
            max_age: cors.max_age.or(self.0.max_age),
            cache_control: cors.cache_control.clone().or_else(|| self.0.cache_control.clone()),
        };
    }
}

fn add_new(onto: &mut Vec<String>, more: &[String]) {
    for item in more {
        if !onto.contains(item) {
            onto.push(item.clone());
        }
    }
}

impl Work<'_> {
    /// The OPTIONS method at `path`; gives its logical id.
    pub(super) fn preflight(&mut self, path: &str, preflight: &Preflight, place: Place) -> String {
        let cors = &preflight.0;
        let mut origins = cors.origins.clone();
        if let Some(origin) = cors.origin.as_ref().filter(|origin| origin.contains(',')) {
            origins = origin.split(',').map(|part| part.trim().to_owned()).collect();
        }
        let origin = origins.first().or(cors.origin.as_ref()).cloned().unwrap_or_default();
        let mut methods = cors.methods.join(",");
        if cors.methods.iter().any(|method| method == "ANY") {
            methods = methods.replacen("ANY", "DELETE,GET,HEAD,PATCH,POST,PUT", 1);
        }
        let mut headers = vec![
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Headers", cors.headers.join(",")),
            ("Access-Control-Allow-Methods", methods),
        ];
        if cors.allow_credentials {
            headers.push(("Access-Control-Allow-Credentials", String::from("true")));
        }
        if let Some(age) = cors.max_age {
            headers.push(("Access-Control-Max-Age", age.to_string()));
        }
        if let Some(control) = &cors.cache_control {
            headers.push(("Cache-Control", control.clone()));
        }
        let named = |value: &dyn Fn(&str) -> Json| -> Map<String, Json> {
            headers
                .iter()
                .map(|(name, text)| (format!("method.response.header.{name}"), value(text)))
                .collect()
        };
        let id = naming::method(&naming::path(path), "options");
        self.template.lay(
            id.clone(),
            place,
            json!({
                "Type": "AWS::ApiGateway::Method",
                "Properties": {
                    "AuthorizationType": "NONE",
                    "HttpMethod": "OPTIONS",
                    "MethodResponses": [{
                        "StatusCode": "200",
                        "ResponseParameters": named(&|_| json!(true)),
                        "ResponseModels": {}
                    }],
                    "RequestParameters": {},
                    "Integration": {
                        "Type": "MOCK",
                        "RequestTemplates": {"application/json": "{statusCode:200}"},
                        "ContentHandling": "CONVERT_TO_TEXT",
                        "IntegrationResponses": [{
                            "StatusCode": "200",
                            "ResponseParameters": named(&|text| json!(format!("'{text}'"))),
                            "ResponseTemplates": {"application/json": origin_template(&origins)}
                        }]
                    },
                    "ResourceId": self.resource_id(path),
                    "RestApiId": self.api_id(),
                }
            }),
        );
        id
    }
}

/// With several origins the answer names the one that asks, if it is among them.
fn origin_template(origins: &[String]) -> String {
    if origins.is_empty() {
        return String::new();
    }
    let tests: Vec<String> = origins
        .iter()
        .map(|origin| format!("$origin.matches(\"{}\")", origin.replace('.', "[.]").replacen('*', ".+", 1)))
        .collect();
    format!(
        "#set($origin = $input.params(\"Origin\"))\n\
         #if($origin == \"\") #set($origin = $input.params(\"origin\")) #end\n\
         #if({}) #set($context.responseOverride.header.Access-Control-Allow-Origin = $origin) #end",
        tests.join(" || ")
    )
}
