//! `AWS::ApiGateway::ApiKey`. `Ref`: its id.

use async_trait::async_trait;
use gateway::{Gateway, definitions::ApiKeyDefinition};
use serde_json::{Value, json};

use super::{LONG_ID, SERVICE, failed, permit};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Naming, Permit, ResourceType,
        properties::{definition, drawn, object, refuse_others, text},
    },
    schema::Complaint,
};

pub struct ApiKey {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for ApiKey {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::ApiKey"
    }

    fn naming(&self) -> Option<Naming> {
        Some(LONG_ID)
    }

    /// `StageKeys` is what came before usage plans: AWS takes it and does nothing more with it.
    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(
            properties,
            &["CustomerId", "Description", "Enabled", "Name", "StageKeys", "Tags", "Value"],
        )
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, _properties: &Value) -> Vec<Permit> {
        permit(deed, context, "/apikeys", physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let id = drawn(SERVICE, context)?;
        if !(context.resumed && self.gateway.get_api_key(id).await.is_ok()) {
            self.gateway.create_api_key_as(id, named(context, id, properties)?).await.map_err(failed)?;
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
        self.gateway.update_api_key(physical_id, definition).await.map_err(failed)?;
        Ok(made(physical_id))
    }

    async fn delete(
        &self,
        _context: &Context,
        physical_id: &str,
        _properties: &Value,
    ) -> Result<(), Failure> {
        self.gateway.delete_api_key(physical_id).await.map_err(failed)
    }
}

fn named(context: &Context, id: &str, properties: &Value) -> Result<ApiKeyDefinition, Failure> {
    let mut key: ApiKeyDefinition = definition(SERVICE, properties)?;
    if text(properties, "Name").is_none() {
        key.name = Some(format!("{}-{}-{id}", context.stack_name, context.logical_id));
    }
    Ok(key)
}

fn made(id: &str) -> Made {
    Made { physical_id: id.to_owned(), attributes: object(vec![("APIKeyId", json!(id))]) }
}
