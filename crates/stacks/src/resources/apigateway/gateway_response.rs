//! `AWS::ApiGateway::GatewayResponse`: what an API answers where it refuses by itself. `Ref`: a generated name; it is known
//! by its API and type.

use async_trait::async_trait;
use gateway::Gateway;
use serde_json::{Value, json};

use super::{SERVICE, failed};
use crate::resources::{
    Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
    properties::{definition, drawn, object, required, text},
};

pub struct GatewayResponse {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for GatewayResponse {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::GatewayResponse"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: None, form: Form::Name { longest: 128, lower_case: false } })
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let part = |name: &str| text(properties, name).unwrap_or_default().to_owned();
        let action = if deed == Deed::Delete { "apigateway:DELETE" } else { "apigateway:PUT" };
        let path = format!("/restapis/{}/gatewayresponses/{}", part("RestApiId"), part("ResponseType"));
        vec![Permit::new(action, format!("arn:aws:apigateway:{}::{path}", context.region))]
    }

    /// Puts it, whatever was there: AWS has a response of every type from the start.
    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let name = drawn(SERVICE, context)?;
        self.put(name, properties).await
    }

    async fn update(
        &self,
        _context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        self.put(physical_id, new).await
    }

    async fn delete(
        &self,
        _context: &Context,
        _physical_id: &str,
        properties: &Value,
    ) -> Result<(), Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        let kind = required(SERVICE, properties, "ResponseType")?;
        self.gateway.delete_gateway_response(api, kind).await.map_err(failed)
    }
}

impl GatewayResponse {
    async fn put(&self, name: &str, properties: &Value) -> Result<Made, Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        self.gateway.put_gateway_response(api, definition(SERVICE, properties)?).await.map_err(failed)?;
        Ok(Made { physical_id: name.to_owned(), attributes: object(vec![("Id", json!(name))]) })
    }
}
