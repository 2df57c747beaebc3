//! `AWS::ApiGateway::Account`: the role API Gateway writes its logs with. Here the gateway writes them itself, so the role
//! is remembered with the stack and nothing else happens.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::SERVICE;
use crate::resources::{
    Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
    properties::{drawn, object, text},
};

pub struct Account;

#[async_trait]
impl ResourceType for Account {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::Account"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: None, form: Form::Name { longest: 128, lower_case: false } })
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        if deed == Deed::Delete {
            return Vec::new();
        }
        let mut permits =
            vec![Permit::new("apigateway:PATCH", format!("arn:aws:apigateway:{}::/account", context.region))];
        permits.extend(text(properties, "CloudWatchRoleArn").map(|role| Permit::new("iam:PassRole", role)));
        permits
    }

    async fn create(&self, context: &Context, _properties: &Value) -> Result<Made, Failure> {
        drawn(SERVICE, context).map(made)
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
        _properties: &Value,
    ) -> Result<(), Failure> {
        Ok(())
    }
}

fn made(id: &str) -> Made {
    Made { physical_id: id.to_owned(), attributes: object(vec![("Id", json!(id))]) }
}
