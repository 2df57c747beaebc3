//! `AWS::ApiGateway::UsagePlanKey`: a key is in a plan. `Ref`: both ids, joined by a colon.

use async_trait::async_trait;
use gateway::Gateway;
use serde_json::{Value, json};

use super::{SERVICE, failed, permit};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Permit, ResourceType,
        properties::{object, refuse, required, text},
    },
    schema::Complaint,
};

pub struct UsagePlanKey {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for UsagePlanKey {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::UsagePlanKey"
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        match text(properties, "KeyType") {
            Some("API_KEY") | None => Vec::new(),
            Some(_) => vec![refuse(&["KeyType"], "it must be API_KEY")],
        }
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let plan = text(properties, "UsagePlanId").unwrap_or_default();
        let key = text(properties, "KeyId").unwrap_or_default();
        permit(deed, context, &format!("/usageplans/{plan}/keys"), key)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let plan = required(SERVICE, properties, "UsagePlanId")?;
        let key = required(SERVICE, properties, "KeyId")?;
        match self.gateway.create_usage_plan_key(plan, key).await.map_err(failed) {
            Ok(_) => {}
            // A key is in a plan or it is not: if it is there after an interrupted attempt, that is what was wanted.
            Err(failure) if failure.already_exists() && context.resumed => {}
            Err(failure) => return Err(failure),
        }
        Ok(made(&format!("{key}:{plan}")))
    }

    async fn update(
        &self,
        _context: &Context,
        physical_id: &str,
        _old: &Value,
        _new: &Value,
    ) -> Result<Made, Failure> {
        Ok(made(physical_id))
    }

    async fn delete(
        &self,
        _context: &Context,
        _physical_id: &str,
        properties: &Value,
    ) -> Result<(), Failure> {
        let plan = required(SERVICE, properties, "UsagePlanId")?;
        let key = required(SERVICE, properties, "KeyId")?;
        self.gateway.delete_usage_plan_key(plan, key).await.map_err(failed)
    }
}

fn made(id: &str) -> Made {
    Made { physical_id: id.to_owned(), attributes: object(vec![("Id", json!(id))]) }
}
