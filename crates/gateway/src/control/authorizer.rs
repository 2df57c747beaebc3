//! `AWS::ApiGateway::Authorizer`.

use std::collections::BTreeMap;

use base::AwsError;
use store::{Batch, Query};

use super::errors::{Refused, bad_request, conflict, from_store, missing};
use crate::{
    Gateway,
    authorizers::{cognito::CognitoAuthorizer, lambda::LambdaAuthorizer},
    definitions::{AuthorizerDefinition, AuthorizerKind},
    integrations::function_uri,
    rows::{AuthorizerRow, MethodRow},
};

impl Gateway {
    pub async fn create_authorizer(
        &self,
        rest_api_id: &str,
        definition: AuthorizerDefinition,
    ) -> Result<AuthorizerRow, AwsError> {
        self.create_authorizer_as(&self.inner.short_id(), rest_api_id, definition).await
    }

    /// Under an id that the caller decided on beforehand.
    pub async fn create_authorizer_as(
        &self,
        id: &str,
        rest_api_id: &str,
        definition: AuthorizerDefinition,
    ) -> Result<AuthorizerRow, AwsError> {
        check(&definition)?;
        self.write_authorizer(rest_api_id, id.to_owned(), definition, false).await
    }

    /// Replaces the definition; it takes effect with the next deployment.
    pub async fn update_authorizer(
        &self,
        rest_api_id: &str,
        id: &str,
        definition: AuthorizerDefinition,
    ) -> Result<AuthorizerRow, AwsError> {
        check(&definition)?;
        self.write_authorizer(rest_api_id, id.to_owned(), definition, true).await
    }

    async fn write_authorizer(
        &self,
        api_id: &str,
        id: String,
        definition: AuthorizerDefinition,
        must_exist: bool,
    ) -> Result<AuthorizerRow, AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let api = self.inner.rest_api(api_id).await?;
            let all = store.query_all(Query::<AuthorizerRow>::in_partition(api_id)).await?;
            if all.iter().any(|row| row.value.definition.name == definition.name && row.value.id != id) {
                return Err(conflict(format!(
                    "Authorizer name must be unique. Authorizer {} already exists in this RestApi.",
                    definition.name
                ))
                .into());
            }
            let row = AuthorizerRow {
                rest_api_id: api_id.to_owned(),
                id: id.clone(),
                definition: definition.clone(),
            };
            let batch = Batch::new().expect(&api);
            let batch = match all.iter().find(|row| row.value.id == id) {
                Some(old) => batch.replace(old, &row),
                None if must_exist => return Err(missing("Authorizer").into()),
                None => batch.insert(&row),
            };
            Ok::<_, Refused>((batch, row))
        });
        decided.await.map_err(|refused| refused.0)
    }

    pub async fn get_authorizer(&self, rest_api_id: &str, id: &str) -> Result<AuthorizerRow, AwsError> {
        let row = self.inner.store.get::<AuthorizerRow>(rest_api_id, id).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("Authorizer"))
    }

    /// Refused while a method names it: a guard is not taken from what it guards.
    pub async fn delete_authorizer(&self, rest_api_id: &str, id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row =
                store.get::<AuthorizerRow>(rest_api_id, id).await?.ok_or_else(|| missing("Authorizer"))?;
            let methods = store.query_all(Query::<MethodRow>::in_partition(rest_api_id)).await?;
            if methods.iter().any(|method| method.value.definition.authorizer_id.as_deref() == Some(id)) {
                return Err(conflict(format!(
                    "Cannot delete authorizer '{}', is referenced in method",
                    row.value.definition.name
                ))
                .into());
            }
            Ok::<_, Refused>((Batch::new().spend(&row), ()))
        });
        decided.await.map_err(|refused| refused.0)
    }
}

fn check(definition: &AuthorizerDefinition) -> Result<(), AwsError> {
    if definition.name.trim().is_empty() {
        return Err(bad_request("Authorizer name is required"));
    }
    let compiled = match definition.kind {
        AuthorizerKind::CognitoUserPools => CognitoAuthorizer::compile(String::new(), definition).map(|_| ()),
        AuthorizerKind::Token | AuthorizerKind::Request => {
            // Stage variables in the URI are only known to a stage.
            let uri = definition.authorizer_uri.as_deref().unwrap_or_default();
            function_uri::template_of(uri).map_err(bad_request)?;
            if uri.contains("${stageVariables.") {
                return Ok(());
            }
            let none = BTreeMap::new();
            LambdaAuthorizer::compile(String::new(), definition, &none, String::new(), String::new())
                .map(|_| ())
        }
    };
    compiled.map_err(bad_request)
}
