//! `AWS::ApiGateway::Resource`: one step of a path. `Ref`: its id.

use async_trait::async_trait;
use gateway::Gateway;
use serde_json::{Value, json};

use super::{SERVICE, SHORT_ID, failed, permit};
use crate::resources::{
    Context, Deed, Failure, Made, Naming, Permit, ResourceType,
    properties::{drawn, object, required, text},
};

pub struct Resource {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for Resource {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::Resource"
    }

    fn naming(&self) -> Option<Naming> {
        Some(SHORT_ID)
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let api = text(properties, "RestApiId").unwrap_or_default();
        permit(deed, context, &format!("/restapis/{api}/resources"), physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let id = drawn(SERVICE, context)?;
        let api = required(SERVICE, properties, "RestApiId")?;
        let parent = required(SERVICE, properties, "ParentId")?;
        let part = required(SERVICE, properties, "PathPart")?;
        if !(context.resumed && self.gateway.get_resource(api, id).await.is_ok()) {
            self.gateway.create_resource_as(id, api, parent, part).await.map_err(failed)?;
        }
        Ok(made(id))
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

    async fn delete(&self, _context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        self.gateway.delete_resource(api, physical_id).await.map_err(failed)
    }
}

fn made(id: &str) -> Made {
    Made { physical_id: id.to_owned(), attributes: object(vec![("ResourceId", json!(id))]) }
}
