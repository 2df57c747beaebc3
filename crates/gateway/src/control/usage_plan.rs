//! `AWS::ApiGateway::UsagePlan` and `UsagePlanKey`.

use base::AwsError;
use store::{Batch, Query};

use super::errors::{Refused, bad_request, conflict, from_store, missing};
use crate::{
    Gateway,
    definitions::UsagePlanDefinition,
    rows::{ACCOUNT, ApiKeyRow, StageRow, UsagePlanKeyRow, UsagePlanRow, usage_plan_key_key},
};

impl Gateway {
    pub async fn create_usage_plan(&self, definition: UsagePlanDefinition) -> Result<UsagePlanRow, AwsError> {
        self.create_usage_plan_as(&self.inner.short_id(), definition).await
    }

    /// Under an id that the caller decided on beforehand.
    pub async fn create_usage_plan_as(
        &self,
        id: &str,
        definition: UsagePlanDefinition,
    ) -> Result<UsagePlanRow, AwsError> {
        self.check_plan(&definition).await?;
        let row = UsagePlanRow { id: id.to_owned(), definition };
        let committed = self.inner.store.commit(Batch::new().insert(&row)).await;
        committed.map_err(super::errors::from_commit)?;
        self.inner.drop_api_keys();
        Ok(row)
    }

    pub async fn update_usage_plan(
        &self,
        id: &str,
        definition: UsagePlanDefinition,
    ) -> Result<UsagePlanRow, AwsError> {
        self.check_plan(&definition).await?;
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let old = store.get::<UsagePlanRow>(ACCOUNT, id).await?.ok_or_else(|| missing("Usage Plan"))?;
            let row = UsagePlanRow { definition: definition.clone(), ..old.value.clone() };
            Ok::<_, Refused>((Batch::new().replace(&old, &row), row))
        });
        let row = decided.await.map_err(|refused| refused.0)?;
        self.inner.drop_api_keys();
        Ok(row)
    }

    pub async fn get_usage_plan(&self, id: &str) -> Result<UsagePlanRow, AwsError> {
        let row = self.inner.store.get::<UsagePlanRow>(ACCOUNT, id).await.map_err(from_store)?;
        row.map(|row| row.value).ok_or_else(|| missing("Usage Plan"))
    }

    pub async fn delete_usage_plan(&self, id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let row = store.get::<UsagePlanRow>(ACCOUNT, id).await?.ok_or_else(|| missing("Usage Plan"))?;
            let joins = Query::<UsagePlanKeyRow>::in_partition(ACCOUNT).starts_with(format!("{id}/"));
            let joins = store.query_all(joins).await?;
            Ok::<_, Refused>((joins.iter().fold(Batch::new().spend(&row), Batch::spend), ()))
        });
        decided.await.map_err(|refused| refused.0)?;
        self.inner.drop_api_keys();
        Ok(())
    }

    /// Puts a key into a plan.
    pub async fn create_usage_plan_key(
        &self,
        plan_id: &str,
        key_id: &str,
    ) -> Result<UsagePlanKeyRow, AwsError> {
        let store = &self.inner.store;
        let row = UsagePlanKeyRow { usage_plan_id: plan_id.to_owned(), key_id: key_id.to_owned() };
        let decided = store.decide(async || {
            let plan =
                store.get::<UsagePlanRow>(ACCOUNT, plan_id).await?.ok_or_else(|| missing("Usage Plan"))?;
            let key = store.get::<ApiKeyRow>(ACCOUNT, key_id).await?.ok_or_else(|| missing("API Key"))?;
            if store.get::<UsagePlanKeyRow>(ACCOUNT, &usage_plan_key_key(plan_id, key_id)).await?.is_some() {
                return Err(conflict("API Key is already in this usage plan").into());
            }
            Ok::<_, Refused>((Batch::new().expect(&plan).expect(&key).insert(&row), row.clone()))
        });
        let row = decided.await.map_err(|refused| refused.0)?;
        self.inner.drop_api_keys();
        Ok(row)
    }

    pub async fn delete_usage_plan_key(&self, plan_id: &str, key_id: &str) -> Result<(), AwsError> {
        let store = &self.inner.store;
        let decided = store.decide(async || {
            let join = store.get::<UsagePlanKeyRow>(ACCOUNT, &usage_plan_key_key(plan_id, key_id)).await?;
            let join = join.ok_or_else(|| missing("API Key"))?;
            Ok::<_, Refused>((Batch::new().spend(&join), ()))
        });
        decided.await.map_err(|refused| refused.0)?;
        self.inner.drop_api_keys();
        Ok(())
    }

    async fn check_plan(&self, definition: &UsagePlanDefinition) -> Result<(), AwsError> {
        // A quota that is not counted across restarts and nodes would be no quota.
        if definition.quota.is_some() {
            return Err(bad_request("a usage plan's Quota is not supported; Throttle is"));
        }
        for opened in &definition.api_stages {
            let stage =
                self.inner.store.get::<StageRow>(&opened.api_id, &opened.stage).await.map_err(from_store)?;
            if stage.is_none() {
                return Err(bad_request(format!("API Stage not found: {}:{}", opened.api_id, opened.stage)));
            }
        }
        Ok(())
    }
}
