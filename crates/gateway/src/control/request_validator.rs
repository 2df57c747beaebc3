//! `AWS::ApiGateway::RequestValidator`.

use base::AwsError;
use store::{Batch, Query};

use super::errors::{Refused, conflict, from_store, missing};
use crate::{
    Gateway,
    definitions::RequestValidatorDefinition,
    rows::{MethodRow, RequestValidatorRow},
};

impl Gateway {
    pub async fn create_request_validator(
        &self,
        rest_api_id: &str,
        definition: RequestValidatorDefinition,
    ) -> Result<RequestValidatorRow, AwsError> {
        self.create_request_validator_as(&self.inner.short_id(), rest_api_id, definition).await
    }

    /// Under an id that the caller decided on beforehand.
    pub async fn create_request_validator_as(
        &self,
        id: &str,
        rest_api_id: &str,
        definition: RequestValidatorDefinition,
    ) -> Result<RequestValidatorRow, AwsError> {
        let row = RequestValidatorRow { rest_api_id: rest_api_id.to_owned(), id: id.to_owned(), definition };
        let decided = self.inner.store.decide(async || {
            let api = self.inner.rest_api(rest_api_id).await?;
            Ok::<_, Refused>((Batch::new().expect(&api).insert(&row), row.clone()))
        });
        decided.await.map_err(|refused| refused.0)
    }

    pub async fn update_request_validator(
        &self,
        rest_api_id: &str,
        id: &str,
        definition: RequestValidatorDefinition,
    ) -> Result<RequestValidatorRow, AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let old = store.get::<RequestValidatorRow>(rest_api_id, id).await?;
            let old = old.ok_or_else(|| missing("Request Validator"))?;
            let row = RequestValidatorRow { definition: definition.clone(), ..old.value.clone() };
            Ok::<_, Refused>((Batch::new().replace(&old, &row), row))
        });
        decided.await.map_err(|refused| refused.0)
    }

    pub async fn get_request_validator(
        &self,
        rest_api_id: &str,
        id: &str,
    ) -> Result<RequestValidatorRow, AwsError> {
        let row = self.inner.store.get::<RequestValidatorRow>(rest_api_id, id).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("Request Validator"))
    }

    /// Refused while a method names it.
    pub async fn delete_request_validator(&self, rest_api_id: &str, id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row = store.get::<RequestValidatorRow>(rest_api_id, id).await?;
            let row = row.ok_or_else(|| missing("Request Validator"))?;
            let methods = store.query_all(Query::<MethodRow>::in_partition(rest_api_id)).await?;
            if methods
                .iter()
                .any(|method| method.value.definition.request_validator_id.as_deref() == Some(id))
            {
                return Err(conflict(format!(
                    "Cannot delete request validator '{id}', is referenced in method"
                ))
                .into());
            }
            Ok::<_, Refused>((Batch::new().spend(&row), ()))
        });
        decided.await.map_err(|refused| refused.0)
    }
}
