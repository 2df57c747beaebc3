//! `AWS::ApiGateway::UsagePlan`. `Ref`: its id.

use async_trait::async_trait;
use gateway::{Gateway, definitions::UsagePlanDefinition};
use serde_json::{Value, json};

use super::{SERVICE, SHORT_ID, failed, permit};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Naming, Permit, ResourceType,
        properties::{definition, drawn, object, refuse},
    },
    schema::Complaint,
};

pub struct UsagePlan {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for UsagePlan {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::UsagePlan"
    }

    fn naming(&self) -> Option<Naming> {
        Some(SHORT_ID)
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        let stages =
            properties.get("ApiStages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if stages.iter().any(|stage| stage.get("Throttle").is_some()) {
            return vec![refuse(
                &["ApiStages"],
                "Throttle of single methods is not supported by this server",
            )];
        }
        Vec::new()
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, _properties: &Value) -> Vec<Permit> {
        permit(deed, context, "/usageplans", physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let id = drawn(SERVICE, context)?;
        if !(context.resumed && self.gateway.get_usage_plan(id).await.is_ok()) {
            self.gateway.create_usage_plan_as(id, named(context, id, properties)?).await.map_err(failed)?;
        }
        Ok(made(id))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let definition = named(context, physical_id, new)?;
        self.gateway.update_usage_plan(physical_id, definition).await.map_err(failed)?;
        Ok(made(physical_id))
    }

    async fn delete(
        &self,
        _context: &Context,
        physical_id: &str,
        _properties: &Value,
    ) -> Result<(), Failure> {
        self.gateway.delete_usage_plan(physical_id).await.map_err(failed)
    }
}

fn named(context: &Context, id: &str, properties: &Value) -> Result<UsagePlanDefinition, Failure> {
    let mut plan: UsagePlanDefinition = definition(SERVICE, properties)?;
    plan.usage_plan_name.get_or_insert_with(|| format!("{}-{}-{id}", context.stack_name, context.logical_id));
    Ok(plan)
}

fn made(id: &str) -> Made {
    Made { physical_id: id.to_owned(), attributes: object(vec![("Id", json!(id))]) }
}
