//! `AWS::ApiGateway::ApiKey`.

use base::{AwsError, ids::ALPHANUMERIC};
use ports::RngExt;
use store::{Batch, Query};

use super::errors::{Refused, bad_request, conflict, from_store, missing};
use crate::{
    Gateway,
    definitions::ApiKeyDefinition,
    rows::{ACCOUNT, ApiKeyRow, UsagePlanKeyRow},
};

const VALUE_LENGTH: usize = 40;

impl Gateway {
    pub async fn create_api_key(&self, definition: ApiKeyDefinition) -> Result<ApiKeyRow, AwsError> {
        self.create_api_key_as(&self.inner.long_id(), definition).await
    }

    /// Under an id that the caller decided on beforehand.
    pub async fn create_api_key_as(
        &self,
        id: &str,
        definition: ApiKeyDefinition,
    ) -> Result<ApiKeyRow, AwsError> {
        let value =
            definition.value.clone().unwrap_or_else(|| self.inner.rng.string(ALPHANUMERIC, VALUE_LENGTH));
        if !(20..=128).contains(&value.len()) || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad_request("API Key value should be between 20 and 128 characters"));
        }
        let row = ApiKeyRow {
            id: id.to_owned(),
            value,
            definition: ApiKeyDefinition { value: None, ..definition },
            created_at: self.inner.clock.now(),
        };
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let all = store.query_all(Query::<ApiKeyRow>::in_partition(ACCOUNT)).await?;
            if all.iter().any(|other| other.value.value == row.value) {
                return Err(conflict("API Key already exists").into());
            }
            Ok::<_, Refused>((Batch::new().insert(&row), row.clone()))
        });
        let row = decided.await.map_err(|refused| refused.0)?;
        self.inner.drop_api_keys();
        Ok(row)
    }

    /// Replaces what is said of the key; its value stays.
    pub async fn update_api_key(
        &self,
        id: &str,
        definition: ApiKeyDefinition,
    ) -> Result<ApiKeyRow, AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let old = store.get::<ApiKeyRow>(ACCOUNT, id).await?.ok_or_else(|| missing("API Key"))?;
            let definition = ApiKeyDefinition { value: None, ..definition.clone() };
            let row = ApiKeyRow { definition, ..old.value.clone() };
            Ok::<_, Refused>((Batch::new().replace(&old, &row), row))
        });
        let row = decided.await.map_err(|refused| refused.0)?;
        self.inner.drop_api_keys();
        Ok(row)
    }

    pub async fn get_api_key(&self, id: &str) -> Result<ApiKeyRow, AwsError> {
        let row = self.inner.store.get::<ApiKeyRow>(ACCOUNT, id).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("API Key"))
    }

    /// Takes it out of its usage plans too.
    pub async fn delete_api_key(&self, id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row = store.get::<ApiKeyRow>(ACCOUNT, id).await?.ok_or_else(|| missing("API Key"))?;
            let joins = store.query_all(Query::<UsagePlanKeyRow>::in_partition(ACCOUNT)).await?;
            let own = joins.iter().filter(|join| join.value.key_id == id);
            Ok::<_, Refused>((own.fold(Batch::new().spend(&row), Batch::spend), ()))
        });
        decided.await.map_err(|refused| refused.0)?;
        self.inner.drop_api_keys();
        Ok(())
    }
}
