//! Who may call a method: a user pool, a function that decides, IAM.

use serde_json::{Value as Json, json};

use super::{super::functions::Target, Work, route::Route};
use crate::{
    compile::{
        naming,
        template::{absent, join, or_absent, reference},
    },
    diagnostics::Diagnostic,
    node::Node,
    place::Place,
    service::Service,
};

/// What is written below `authorizer`, in whichever of its forms.
#[derive(Debug, Default)]
pub struct Authorizer {
    kind: Option<String>,
    name: Option<String>,
    arn: Option<Json>,
    id: Option<Json>,
    /// The alias of the function that decides, where it has one.
    alias: Option<String>,
    managed_externally: bool,
    ttl: Option<i64>,
    identity_source: Option<String>,
    validation: Option<String>,
    pub claims: Vec<String>,
    scopes: Vec<Json>,
}

impl Authorizer {
    /// `None`, with the reason told, where it cannot be used.
    pub fn read(
        service: &Service,
        node: &Node,
        integration: &str,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let mut authorizer = Self::default();
        let mut function = None;
        if let Some(text) = node.as_text() {
            if text.eq_ignore_ascii_case("AWS_IAM") {
                authorizer.kind = Some(String::from("AWS_IAM"));
            } else if text.contains(':') {
                authorizer.arn = Some(json!(text));
                authorizer.name = Some(naming::authorizer_from_arn(text));
            } else {
                function = Some((text, node.place));
            }
        } else {
            function = authorizer.read_object(node, problems)?;
        }
        if let Some((key, place)) = function {
            let Some(found) = service.function(key) else {
                problems.push(no_such_function(service, key, place));
                return None;
            };
            let target = Target::of(found);
            authorizer.name = Some(key.to_owned());
            authorizer.arn = Some(target.arn());
            authorizer.alias = target.alias.map(|alias| alias.logical_id);
        }
        let uncached_request = authorizer.is_kind("REQUEST") && authorizer.ttl == Some(0);
        if authorizer.identity_source.is_none() && !uncached_request {
            authorizer.identity_source = Some(String::from("method.request.header.Authorization"));
        }
        if integration == "AWS_PROXY" && authorizer.is_pool_arn() && !authorizer.claims.is_empty() {
            let place = node.get("claims").map_or(node.place, |claims| claims.place);
            problems.push(
                Diagnostic::error(place, "claims can only be picked with 'integration: lambda'").help(
                    "with the default integration the function sees all of them in requestContext.authorizer",
                ),
            );
        }
        Some(authorizer)
    }

    /// The function that decides, where it is named.
    fn read_object<'a>(
        &mut self,
        node: &'a Node,
        problems: &mut Vec<Diagnostic>,
    ) -> Option<Option<(&'a str, Place)>> {
        let text = |key: &str| node.get(key).and_then(Node::as_text);
        let kind = text("type");
        let mut function = None;
        if let (Some(kind), Some(id)) = (kind, node.get("authorizerId")) {
            self.kind = Some(kind.to_owned());
            self.id = Some(id.to_json());
        } else if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("AWS_IAM")) {
            self.kind = Some(String::from("AWS_IAM"));
        } else if let Some(arn) = node.get("arn") {
            self.name = match (text("name"), arn.as_text()) {
                (Some(name), _) => Some(name.to_owned()),
                (None, Some(arn)) => Some(naming::authorizer_from_arn(arn)),
                (None, None) => {
                    let message = "an authorizer whose ARN is a function of CloudFormation needs a 'name'";
                    problems.push(Diagnostic::error(node.place, message));
                    return None;
                }
            };
            self.arn = Some(arn.to_json());
        } else if let Some(name) = node.get("name") {
            function = name.as_text().map(|text| (text, name.place));
        } else {
            let problem = Diagnostic::error(
                node.place,
                "an authorizer needs 'authorizerId' with 'type', 'arn' or 'name'",
            )
            .help("for a pool of this file: type: COGNITO_USER_POOLS, authorizerId: {Ref: …}");
            problems.push(problem);
            return None;
        }
        if self.kind.is_none() {
            self.kind = kind.map(str::to_owned);
        }
        self.ttl = Some(node.get("resultTtlInSeconds").and_then(Node::as_integer).unwrap_or(300));
        let words = |key: &str| node.get(key).and_then(Node::as_list).unwrap_or_default();
        self.claims = words("claims").iter().filter_map(|claim| claim.as_text().map(str::to_owned)).collect();
        self.scopes = words("scopes").iter().map(Node::to_json).collect();
        self.identity_source = text("identitySource").filter(|text| !text.is_empty()).map(str::to_owned);
        self.validation = text("identityValidationExpression").map(str::to_owned);
        self.managed_externally = node.get("managedExternally").is_some_and(Node::is_truthy);
        Some(function)
    }

    fn is_kind(&self, kind: &str) -> bool {
        self.kind.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(kind))
    }

    fn is_pool_arn(&self) -> bool {
        let arn = self.arn.as_ref().and_then(Json::as_str).unwrap_or_default();
        arn.strip_prefix("arn:").is_some_and(|rest| {
            rest.split_once(':').is_some_and(|(partition, rest)| {
                partition.chars().all(|c| c.is_ascii_alphabetic() || c == '-')
                    && rest.starts_with("cognito-idp")
            })
        })
    }

    fn is_pool(&self) -> bool {
        self.is_kind("COGNITO_USER_POOLS") || self.is_pool_arn()
    }

    fn logical_id(&self) -> String {
        naming::authorizer(self.name.as_deref().unwrap_or_default())
    }

    /// The method's part of it.
    pub fn authorization(&self) -> Json {
        if self.kind.as_deref() == Some("AWS_IAM") {
            return json!({"Properties": {"AuthorizationType": "AWS_IAM"}});
        }
        let scopes = if self.scopes.is_empty() { absent() } else { Json::Array(self.scopes.clone()) };
        if let (Some(kind), Some(id)) = (&self.kind, &self.id) {
            let custom = self.is_kind("TOKEN") || self.is_kind("REQUEST");
            return json!({"Properties": {
                "AuthorizationType": if custom { "CUSTOM" } else { kind.as_str() },
                "AuthorizerId": id,
                "AuthorizationScopes": if self.is_kind("COGNITO_USER_POOLS") { scopes } else { absent() },
            }});
        }
        let id = self.logical_id();
        json!({
            "Properties": {
                "AuthorizationType": if self.is_pool() { "COGNITO_USER_POOLS" } else { "CUSTOM" },
                "AuthorizerId": reference(&id),
                "AuthorizationScopes": if self.is_pool() { scopes } else { absent() },
            },
            "DependsOn": [id],
        })
    }

    /// For `info`: who guards the endpoint.
    pub fn label(&self) -> String {
        let of_id = |id: &Json| id.get("Ref").and_then(Json::as_str).or(id.as_str()).map(str::to_owned);
        self.id.as_ref().and_then(of_id).or(self.name.clone()).or(self.kind.clone()).unwrap_or_default()
    }
}

impl Work<'_> {
    /// The authorizer itself, where it is not one that the service declares.
    pub(super) fn authorizer(&mut self, route: &Route) {
        let Some(authorizer) = &route.authorizer else { return };
        let Some(arn) = &authorizer.arn else { return };
        let mut properties = json!({
            "AuthorizerResultTtlInSeconds": or_absent(authorizer.ttl),
            "IdentitySource": or_absent(authorizer.identity_source.clone()),
            "Name": authorizer.name,
            "RestApiId": self.api_id(),
            "IdentityValidationExpression": or_absent(authorizer.validation.clone()),
        });
        if authorizer.is_pool() {
            properties["Type"] = json!("COGNITO_USER_POOLS");
            properties["ProviderARNs"] = json!([arn]);
        } else {
            properties["AuthorizerUri"] = join(json!([
                "arn:",
                {"Ref": "AWS::Partition"},
                ":apigateway:",
                {"Ref": "AWS::Region"},
                ":lambda:path/2015-03-31/functions/",
                arn,
                "/invocations"
            ]));
            let kind = authorizer.kind.as_deref().unwrap_or("TOKEN");
            properties["Type"] = json!(kind.to_uppercase());
        }
        self.template.lay(
            authorizer.logical_id(),
            route.place,
            json!({
                "Type": "AWS::ApiGateway::Authorizer",
                "DependsOn": or_absent(authorizer.alias.clone()),
                "Properties": properties,
            }),
        );
    }

    /// API Gateway may call the function, and the one that decides who may.
    pub(super) fn api_permission(&mut self, route: &Route) {
        let permission = |function: Json, depends_on: Json, source: Json| {
            json!({
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "FunctionName": function,
                    "Action": "lambda:InvokeFunction",
                    "Principal": "apigateway.amazonaws.com",
                    "SourceArn": source,
                },
                "DependsOn": depends_on,
            })
        };
        let source = self.invoke_arn();
        let own = permission(route.target.arn(), route.target.depends_on(), source.clone());
        self.template.set(naming::api_permission(&route.function), route.place, own);
        let Some(authorizer) = &route.authorizer else { return };
        let Some(arn) = &authorizer.arn else { return };
        let id = naming::api_permission(authorizer.name.as_deref().unwrap_or_default());
        if authorizer.is_pool() || authorizer.managed_externally || self.template.resource(&id).is_some() {
            return;
        }
        let function = authorizer.alias.as_deref().map_or_else(|| arn.clone(), reference);
        self.template.set(id, route.place, permission(function, absent(), source));
    }
}

fn no_such_function(service: &Service, key: &str, place: Place) -> Diagnostic {
    let known: Vec<&str> = service.functions.iter().map(|function| function.key.as_str()).collect();
    Diagnostic::error(place, format!("the authorizer '{key}' is not a function of this service")).help(
        format!(
            "functions are {}; an authorizer declared below resources is named by authorizerId",
            known.join(", ")
        ),
    )
}
