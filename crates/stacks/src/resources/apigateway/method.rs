//! `AWS::ApiGateway::Method`. `Ref`: a generated name; a method is known by its API, resource and HTTP method.

use async_trait::async_trait;
use gateway::Gateway;
use serde_json::{Map, Value};

use super::{SERVICE, failed};
use crate::{
    resources::{
        Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
        properties::{definition, drawn, refuse, required, text},
    },
    schema::Complaint,
};

pub struct Method {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for Method {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::Method"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: None, form: Form::Name { longest: 128, lower_case: false } })
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        let integration =
            |name: &str| properties.get("Integration").and_then(|integration| text(integration, name));
        let mut complaints = Vec::new();
        if integration("ConnectionType").is_some_and(|kind| kind != "INTERNET") {
            complaints.push(refuse(
                &["Integration", "ConnectionType"],
                "VPC links are not supported by this server",
            ));
        }
        if integration("ResponseTransferMode").is_some_and(|mode| mode != "BUFFERED") {
            complaints.push(refuse(
                &["Integration", "ResponseTransferMode"],
                "streamed responses are not supported by this server",
            ));
        }
        if integration("IntegrationTarget").is_some() {
            complaints.push(refuse(
                &["Integration", "IntegrationTarget"],
                "this property is not supported by this server",
            ));
        }
        complaints
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let part = |name: &str| text(properties, name).unwrap_or_default().to_owned();
        let action = if deed == Deed::Delete { "apigateway:DELETE" } else { "apigateway:PUT" };
        let (api, resource, method) = (part("RestApiId"), part("ResourceId"), part("HttpMethod"));
        let path = format!("/restapis/{api}/resources/{resource}/methods/{method}");
        let mut permits = vec![Permit::new(action, format!("arn:aws:apigateway:{}::{path}", context.region))];
        if deed != Deed::Delete
            && let Some(role) = properties.pointer("/Integration/Credentials").and_then(Value::as_str)
        {
            permits.push(Permit::new("iam:PassRole", role));
        }
        permits
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let name = drawn(SERVICE, context)?;
        let (api, resource, method) = place(properties)?;
        if !context.resumed && self.gateway.get_method(api, resource, method).await.is_ok() {
            let error = base::AwsError::with_status(
                409,
                "ConflictException",
                "Method already exists for this resource",
            );
            return Err(failed(error));
        }
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
        let (api, resource, method) = place(properties)?;
        self.gateway.delete_method(api, resource, method).await.map_err(failed)
    }
}

impl Method {
    async fn put(&self, name: &str, properties: &Value) -> Result<Made, Failure> {
        let (api, resource, _) = place(properties)?;
        self.gateway.put_method(api, resource, definition(SERVICE, properties)?).await.map_err(failed)?;
        Ok(Made { physical_id: name.to_owned(), attributes: Map::new() })
    }
}

fn place(properties: &Value) -> Result<(&str, &str, &str), Failure> {
    Ok((
        required(SERVICE, properties, "RestApiId")?,
        required(SERVICE, properties, "ResourceId")?,
        required(SERVICE, properties, "HttpMethod")?,
    ))
}
