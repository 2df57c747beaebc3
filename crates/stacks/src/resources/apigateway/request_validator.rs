//! `AWS::ApiGateway::RequestValidator`. `Ref`: its id.

use async_trait::async_trait;
use gateway::Gateway;
use serde_json::{Value, json};

use super::{SERVICE, SHORT_ID, failed, permit};
use crate::resources::{
    Context, Deed, Failure, Made, Naming, Permit, ResourceType,
    properties::{definition, drawn, object, required, text},
};

pub struct RequestValidator {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for RequestValidator {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::RequestValidator"
    }

    fn naming(&self) -> Option<Naming> {
        Some(SHORT_ID)
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let api = text(properties, "RestApiId").unwrap_or_default();
        permit(deed, context, &format!("/restapis/{api}/requestvalidators"), physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let id = drawn(SERVICE, context)?;
        let api = required(SERVICE, properties, "RestApiId")?;
        if !(context.resumed && self.gateway.get_request_validator(api, id).await.is_ok()) {
            let made =
                self.gateway.create_request_validator_as(id, api, definition(SERVICE, properties)?).await;
            made.map_err(failed)?;
        }
        Ok(made(id))
    }

    async fn update(
        &self,
        _context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let api = required(SERVICE, new, "RestApiId")?;
        let changed =
            self.gateway.update_request_validator(api, physical_id, definition(SERVICE, new)?).await;
        changed.map_err(failed)?;
        Ok(made(physical_id))
    }

    async fn delete(&self, _context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        self.gateway.delete_request_validator(api, physical_id).await.map_err(failed)
    }
}

fn made(id: &str) -> Made {
    Made { physical_id: id.to_owned(), attributes: object(vec![("RequestValidatorId", json!(id))]) }
}
