//! `AWS::ApiGateway::Method`, with its integration and responses.

use base::AwsError;
use store::{Batch, Query};

use super::errors::{Refused, bad_request, from_store, missing};
use crate::{
    Gateway,
    definitions::{AuthorizerKind, IntegrationDefinition, IntegrationKind, MethodDefinition},
    integrations::{DEFAULT_TIMEOUT_MILLIS, function_uri, mapped::MappedIntegration},
    phases::validate::RequiredParameter,
    rows::{AuthorizerRow, MethodRow, ModelRow, RequestValidatorRow, ResourceRow, method_key},
};

const VERBS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "ANY"];
const MIN_TIMEOUT_MILLIS: u32 = 50;

impl Gateway {
    /// Makes the method, or writes it anew.
    pub async fn put_method(
        &self,
        rest_api_id: &str,
        resource_id: &str,
        mut definition: MethodDefinition,
    ) -> Result<MethodRow, AwsError> {
        definition.http_method = definition.http_method.to_ascii_uppercase();
        check(&definition)?;
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let api = self.inner.rest_api(rest_api_id).await?;
            let resource = store.get::<ResourceRow>(rest_api_id, resource_id).await?;
            let resource = resource.ok_or_else(|| missing("Resource"))?;
            let batch = self.expect_named(Batch::new(), rest_api_id, &definition).await?;
            let row = MethodRow {
                rest_api_id: rest_api_id.to_owned(),
                resource_id: resource_id.to_owned(),
                definition: definition.clone(),
            };
            Ok::<_, Refused>((batch.expect(&api).expect(&resource).put(&row), row))
        });
        decided.await.map_err(|refused| refused.0)
    }

    pub async fn get_method(
        &self,
        rest_api_id: &str,
        resource_id: &str,
        http_method: &str,
    ) -> Result<MethodRow, AwsError> {
        let key = method_key(resource_id, http_method);
        let row = self.inner.store.get::<MethodRow>(rest_api_id, &key).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("Method"))
    }

    /// Every method of an API.
    pub async fn methods(&self, rest_api_id: &str) -> Result<Vec<MethodRow>, AwsError> {
        let rows = self.inner.store.query_all(Query::<MethodRow>::in_partition(rest_api_id)).await;
        Ok(rows.map_err(from_store)?.into_iter().map(|row| row.value).collect())
    }

    pub async fn delete_method(
        &self,
        rest_api_id: &str,
        resource_id: &str,
        http_method: &str,
    ) -> Result<(), AwsError> {
        let key = method_key(resource_id, http_method);
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row = store.get::<MethodRow>(rest_api_id, &key).await?.ok_or_else(|| missing("Method"))?;
            Ok::<_, Refused>((Batch::new().spend(&row), ()))
        });
        decided.await.map_err(|refused| refused.0)
    }

    /// What a method names must be there, and still be there when it is committed.
    async fn expect_named(
        &self,
        mut batch: Batch,
        api_id: &str,
        definition: &MethodDefinition,
    ) -> Result<Batch, Refused> {
        let store = &self.inner.store;
        let wanted: Option<&[AuthorizerKind]> = match definition.authorization_type.as_deref() {
            Some("COGNITO_USER_POOLS") => Some(&[AuthorizerKind::CognitoUserPools]),
            Some("CUSTOM") => Some(&[AuthorizerKind::Token, AuthorizerKind::Request]),
            _ => None,
        };
        if let Some(kinds) = wanted {
            let id = definition.authorizer_id.as_deref().unwrap_or_default();
            let row = if id.is_empty() { None } else { store.get::<AuthorizerRow>(api_id, id).await? };
            let row = row.filter(|row| kinds.contains(&row.value.definition.kind)).ok_or_else(|| {
                bad_request(
                    "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or \
                     COGNITO_USER_POOLS requires a valid authorizer.",
                )
            })?;
            batch = batch.expect(&row);
        }
        if let Some(id) = definition.request_validator_id.as_deref().filter(|id| !id.is_empty()) {
            let row = store.get::<RequestValidatorRow>(api_id, id).await?;
            batch = batch
                .expect(&row.ok_or_else(|| bad_request("Invalid Request Validator identifier specified"))?);
        }
        for name in definition.request_models.values() {
            let row = store.get::<ModelRow>(api_id, name).await?;
            let row =
                row.ok_or_else(|| bad_request(format!("Invalid model identifier specified: {name}")))?;
            batch = batch.expect(&row);
        }
        Ok(batch)
    }
}

fn check(definition: &MethodDefinition) -> Result<(), AwsError> {
    if !VERBS.contains(&definition.http_method.as_str()) {
        return Err(bad_request("Invalid HTTP method specified"));
    }
    match definition.authorization_type.as_deref() {
        None | Some("NONE" | "AWS_IAM" | "CUSTOM" | "COGNITO_USER_POOLS") => {}
        Some(other) => return Err(bad_request(format!("Invalid authorization type specified: {other}"))),
    }
    let only_pools = definition.authorization_type.as_deref() == Some("COGNITO_USER_POOLS");
    if !definition.authorization_scopes.is_empty() && !only_pools {
        return Err(bad_request(
            "Authorization scopes are only valid for COGNITO_USER_POOLS authorization type",
        ));
    }
    for name in definition.request_parameters.keys() {
        RequiredParameter::parse(name).map_err(bad_request)?;
    }
    match &definition.integration {
        None => Ok(()),
        Some(integration) => check_integration(integration, definition),
    }
}

fn check_integration(integration: &IntegrationDefinition, method: &MethodDefinition) -> Result<(), AwsError> {
    match integration.kind {
        IntegrationKind::Http | IntegrationKind::HttpProxy => {
            return Err(bad_request("HTTP and HTTP_PROXY integrations are not supported"));
        }
        IntegrationKind::Aws | IntegrationKind::AwsProxy => {
            let uri = integration.uri.as_deref().unwrap_or_default();
            function_uri::template_of(uri).map_err(bad_request)?;
            let verb = integration.integration_http_method.as_deref();
            if verb.is_some_and(|verb| verb != "POST") {
                return Err(bad_request(
                    "Enumeration value for HttpMethod must be POST for a Lambda function",
                ));
            }
        }
        IntegrationKind::Mock => {}
    }
    if integration.connection_type.as_deref().is_some_and(|kind| kind != "INTERNET") {
        return Err(bad_request("VPC links are not supported"));
    }
    let timeout = integration.timeout_in_millis.unwrap_or(DEFAULT_TIMEOUT_MILLIS);
    if !(MIN_TIMEOUT_MILLIS..=DEFAULT_TIMEOUT_MILLIS).contains(&timeout) {
        return Err(bad_request(format!(
            "Timeout should be between {MIN_TIMEOUT_MILLIS} ms and {DEFAULT_TIMEOUT_MILLIS} ms"
        )));
    }
    MappedIntegration::compile(integration).map_err(bad_request)?;
    if integration.kind == IntegrationKind::AwsProxy {
        return Ok(());
    }
    for response in &integration.integration_responses {
        let declared = method.method_responses.iter().find(|own| own.status_code == response.status_code);
        let declared = declared.ok_or_else(|| {
            bad_request(format!("No method response exists for method: status code {}", response.status_code))
        })?;
        for target in response.response_parameters.keys() {
            let known = declared.response_parameters.keys().any(|own| own.eq_ignore_ascii_case(target));
            if !known {
                return Err(bad_request(format!("Invalid mapping expression parameter specified: {target}")));
            }
        }
    }
    Ok(())
}
