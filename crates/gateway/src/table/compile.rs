//! From rows to a routing table. What cannot be compiled becomes a method that refuses, never one that lets through.

use std::{collections::HashMap, sync::Arc, time::Duration};

use http::Method;
use ports::invoke::ServicePrincipal;

use super::{Authorization, CompiledMethod, CompiledStage, Integration, Router, stage::ApiKeySource};
use crate::{
    authorizers::{cognito::CognitoAuthorizer, lambda::LambdaAuthorizer, policy::read_resource_policy},
    definitions::{AuthorizerKind, IntegrationDefinition, IntegrationKind, MethodSetting},
    gateway::Config,
    integrations::{DEFAULT_TIMEOUT_MILLIS, Target, function_uri, mapped::MappedIntegration},
    metrics::Metrics,
    models::BodyModel,
    payload::{bodies::BinaryMediaTypes, template::ContextTemplate},
    phases::{
        throttle::{Bucket, Buckets},
        validate::RequiredParameter,
    },
    responses::GatewayResponses,
    rows::{ApiSnapshot, AuthorizerRow, DeploymentRow, MethodRow, ResourceRow, StageRow},
};

pub fn compile(
    config: &Config,
    metrics: &Metrics,
    buckets: &Buckets,
    deployment: &DeploymentRow,
    stage: &StageRow,
) -> CompiledStage {
    let snapshot = &deployment.snapshot;
    let api = &snapshot.api.definition;
    let compiler = Compiler { config, metrics, buckets, deployment, stage };
    let mut responses = GatewayResponses::default();
    for response in &snapshot.gateway_responses {
        if let Err(cause) = responses.add(&response.definition) {
            tracing::warn!(api = %snapshot.api.id, "a gateway response is left out: {cause}");
        }
    }
    let access_log = stage.definition.access_log_setting.as_ref();
    // A policy that cannot be read lets nobody in.
    let policy =
        api.policy.as_ref().map(|policy| read_resource_policy(policy, &compiler.api_arn())).transpose();
    CompiledStage {
        api_id: snapshot.api.id.clone(),
        stage: stage.definition.stage_name.clone(),
        deployment_id: deployment.id.clone(),
        account: config.account.to_string(),
        arn: compiler.stage_arn(),
        router: compiler.router(),
        responses,
        variables: stage.definition.variables.clone(),
        binary_media_types: BinaryMediaTypes::new(&api.binary_media_types),
        minimum_compression_size: api.minimum_compression_size,
        api_key_source: match api.api_key_source_type.as_deref() {
            Some("AUTHORIZER") => ApiKeySource::Authorizer,
            _ => ApiKeySource::Header,
        },
        endpoint_disabled: api.disable_execute_api_endpoint || policy.is_err(),
        policy: policy.unwrap_or_default(),
        access_log: access_log.and_then(|setting| setting.format.as_deref()).map(ContextTemplate::parse),
        access_log_destination: access_log.and_then(|setting| setting.destination_arn.clone()),
    }
}

struct Compiler<'a> {
    config: &'a Config,
    metrics: &'a Metrics,
    buckets: &'a Buckets,
    deployment: &'a DeploymentRow,
    stage: &'a StageRow,
}

/// An authorizer that was compiled once, for all the methods that name it.
#[derive(Clone)]
enum Guard {
    Cognito(Arc<CognitoAuthorizer>),
    Lambda(Arc<LambdaAuthorizer>),
    Broken(String),
}

impl Compiler<'_> {
    fn snapshot(&self) -> &ApiSnapshot {
        &self.deployment.snapshot
    }

    fn api_arn(&self) -> String {
        let Config { region, account, .. } = self.config;
        format!("arn:aws:execute-api:{region}:{account}:{}", self.snapshot().api.id)
    }

    fn stage_arn(&self) -> String {
        format!("{}/{}", self.api_arn(), self.stage.definition.stage_name)
    }

    fn router(&self) -> Router<CompiledMethod> {
        let snapshot = self.snapshot();
        let resources: HashMap<&str, &ResourceRow> =
            snapshot.resources.iter().map(|resource| (resource.id.as_str(), resource)).collect();
        let guards: HashMap<&str, Guard> =
            snapshot.authorizers.iter().map(|row| (row.id.as_str(), self.guard(row))).collect();
        let mut models: HashMap<&str, Option<Arc<BodyModel>>> = HashMap::new();
        let mut router = Router::default();
        for row in &snapshot.methods {
            let Some(resource) = resources.get(row.resource_id.as_str()) else { continue };
            let name = row.definition.http_method.as_str();
            let verb = if name == "ANY" { None } else { Method::from_bytes(name.as_bytes()).ok() };
            if verb.is_none() && name != "ANY" {
                continue;
            }
            let method = self.method(row, resource, &guards, &mut models);
            router.insert(&resource.path, verb, method);
        }
        router
    }

    fn guard(&self, row: &AuthorizerRow) -> Guard {
        let api = &self.snapshot().api.id;
        let scope = format!("{api}/{}/{}/{}", self.stage.definition.stage_name, self.deployment.id, row.id);
        let compiled = match row.definition.kind {
            AuthorizerKind::CognitoUserPools => CognitoAuthorizer::compile(scope, &row.definition)
                .map(|guard| Guard::Cognito(Arc::new(guard))),
            AuthorizerKind::Token | AuthorizerKind::Request => LambdaAuthorizer::compile(
                scope,
                &row.definition,
                &self.stage.definition.variables,
                format!("{}/authorizers/{}", self.api_arn(), row.id),
                self.config.account.to_string(),
            )
            .map(|guard| Guard::Lambda(Arc::new(guard))),
        };
        compiled.unwrap_or_else(Guard::Broken)
    }

    fn method<'s>(
        &'s self,
        row: &'s MethodRow,
        resource: &ResourceRow,
        guards: &HashMap<&str, Guard>,
        models: &mut HashMap<&'s str, Option<Arc<BodyModel>>>,
    ) -> CompiledMethod {
        let definition = &row.definition;
        let snapshot = self.snapshot();
        let validator = definition
            .request_validator_id
            .as_ref()
            .and_then(|id| snapshot.request_validators.iter().find(|validator| validator.id == *id));
        let checks_parameters = validator.is_some_and(|found| found.definition.validate_request_parameters);
        let checks_body = validator.is_some_and(|found| found.definition.validate_request_body);
        let mut integration = self.integration(row, resource);

        let mut body_models = Vec::new();
        if checks_body {
            for (content_type, name) in &definition.request_models {
                let api = &snapshot.api.id;
                let model = models
                    .entry(name)
                    .or_insert_with(|| BodyModel::compile(api, name, &snapshot.models).map(Arc::new).ok());
                match model {
                    Some(model) => body_models.push((content_type.clone(), Arc::clone(model))),
                    None => integration = Integration::Broken(format!("the model {name} cannot be used")),
                }
            }
        }
        let required =
            definition.request_parameters.iter().filter(|(_, required)| checks_parameters && **required);
        let counted = format!("{} {}", definition.http_method, resource.path);
        CompiledMethod {
            resource_id: resource.id.clone(),
            resource_path: resource.path.clone(),
            operation_name: definition.operation_name.clone(),
            authorization: self.authorization(row, guards),
            api_key_required: definition.api_key_required,
            required_parameters: required
                .filter_map(|(name, _)| RequiredParameter::parse(name).ok())
                .collect(),
            body_models,
            integration,
            throttle: self.throttle(resource, &definition.http_method),
            counters: self.metrics.of(&snapshot.api.id, &self.stage.definition.stage_name, &counted),
        }
    }

    fn authorization(&self, row: &MethodRow, guards: &HashMap<&str, Guard>) -> Authorization {
        let definition = &row.definition;
        let guard = definition.authorizer_id.as_deref().and_then(|id| guards.get(id)).cloned();
        match (definition.authorization_type.as_deref().unwrap_or("NONE"), guard) {
            ("NONE", _) => Authorization::Open,
            ("AWS_IAM", _) => Authorization::Iam,
            ("COGNITO_USER_POOLS", Some(Guard::Cognito(authorizer))) => {
                Authorization::Cognito { authorizer, scopes: definition.authorization_scopes.clone() }
            }
            ("CUSTOM", Some(Guard::Lambda(authorizer))) => Authorization::Lambda(authorizer),
            (_, Some(Guard::Broken(cause))) => Authorization::Broken(cause),
            (kind, _) => Authorization::Broken(format!("no authorizer for {kind}")),
        }
    }

    fn integration(&self, row: &MethodRow, resource: &ResourceRow) -> Integration {
        let Some(definition) = &row.definition.integration else {
            return Integration::Broken(String::from("No integration defined for method"));
        };
        let compiled = match definition.kind {
            IntegrationKind::AwsProxy => self.target(row, resource, definition).map(Integration::LambdaProxy),
            IntegrationKind::Aws => self.target(row, resource, definition).and_then(|target| {
                let mapping = MappedIntegration::compile(definition)?;
                Ok(Integration::Lambda { target, mapping, wait: waits(definition) })
            }),
            IntegrationKind::Mock => MappedIntegration::compile(definition).map(Integration::Mock),
            IntegrationKind::Http | IntegrationKind::HttpProxy => {
                Err(String::from("HTTP integrations are not supported"))
            }
        };
        compiled.unwrap_or_else(Integration::Broken)
    }

    fn target(
        &self,
        row: &MethodRow,
        resource: &ResourceRow,
        definition: &IntegrationDefinition,
    ) -> Result<Target, String> {
        let uri = definition.uri.as_deref().unwrap_or_default();
        let function = function_uri::function_of(uri, &self.stage.definition.variables)?;
        let millis = definition.timeout_in_millis.unwrap_or(DEFAULT_TIMEOUT_MILLIS);
        // `…/dev/GET/users/{id}`: permissions are written for resources, with `*` where the parameter stands.
        let method = row.definition.http_method.replace("ANY", "*");
        let principal = ServicePrincipal {
            service: String::from("apigateway.amazonaws.com"),
            source_arn: format!("{}/{method}{}", self.stage_arn(), resource.path),
            source_account: self.config.account.to_string(),
        };
        Ok(Target { function, timeout: Duration::from_millis(millis.into()), principal })
    }

    /// The stage's settings that mean this method; the more exact one wins.
    fn throttle(&self, resource: &ResourceRow, http_method: &str) -> Option<Arc<Bucket>> {
        let exactness = |setting: &MethodSetting| {
            let path = setting.resource_path.as_deref().unwrap_or("/*");
            let path =
                path.strip_prefix('/').filter(|path| path.contains("~1")).unwrap_or(path).replace("~1", "/");
            let verb = setting.http_method.as_deref().unwrap_or("*");
            let path_score = if path == resource.path {
                2
            } else if path == "/*" || path == "*" {
                0
            } else {
                return None;
            };
            let verb_score = match verb {
                "*" => 0,
                verb if verb == http_method => 1,
                _ => return None,
            };
            Some(path_score + verb_score)
        };
        let settings = self.stage.definition.method_settings.iter();
        let best = settings.filter_map(|setting| exactness(setting).map(|score| (score, setting)));
        let (_, setting) = best.max_by_key(|(score, _)| *score)?;
        let (api, stage) = (&self.snapshot().api.id, &self.stage.definition.stage_name);
        let name = format!("{api}/{stage}/{http_method} {}", resource.path);
        self.buckets.of(name, setting.throttling_rate_limit, setting.throttling_burst_limit)
    }
}

/// `X-Amz-Invocation-Type: Event` queues the call and answers at once.
fn waits(definition: &IntegrationDefinition) -> bool {
    let kind = definition
        .request_parameters
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case("integration.request.header.X-Amz-Invocation-Type"));
    kind.is_none_or(|(_, value)| value != "'Event'")
}
