//! `AWS::ApiGateway::RestApi`. `Ref`: the API's id.

use async_trait::async_trait;
use gateway::{
    Gateway,
    definitions::{RestApiDefinition, Tag},
    rows::RestApiRow,
};
use serde_json::{Value, json};

use super::{LONG_ID, SERVICE, failed, permit};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Naming, Permit, ResourceType,
        properties::{all_tags, definition, drawn, object, refuse_others, tag_list},
    },
    schema::Complaint,
};

pub struct RestApi {
    pub gateway: Gateway,
}

const SUPPORTED: [&str; 9] = [
    "ApiKeySourceType",
    "BinaryMediaTypes",
    "Description",
    "DisableExecuteApiEndpoint",
    "EndpointConfiguration",
    "MinimumCompressionSize",
    "Name",
    "Policy",
    "Tags",
];

#[async_trait]
impl ResourceType for RestApi {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::RestApi"
    }

    fn naming(&self) -> Option<Naming> {
        Some(LONG_ID)
    }

    fn takes_tags(&self) -> bool {
        true
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(properties, &SUPPORTED)
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, _properties: &Value) -> Vec<Permit> {
        permit(deed, context, "/restapis", physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let id = drawn(SERVICE, context)?;
        if context.resumed
            && let Ok(row) = self.gateway.get_rest_api(id).await
        {
            return Ok(made(&row));
        }
        let row = self.gateway.create_rest_api_as(id, tagged(context, properties)?).await;
        Ok(made(&row.map_err(failed)?))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let row = self.gateway.update_rest_api(physical_id, tagged(context, new)?).await;
        Ok(made(&row.map_err(failed)?))
    }

    async fn delete(
        &self,
        _context: &Context,
        physical_id: &str,
        _properties: &Value,
    ) -> Result<(), Failure> {
        self.gateway.delete_rest_api(physical_id).await.map_err(failed)
    }
}

fn tagged(context: &Context, properties: &Value) -> Result<RestApiDefinition, Failure> {
    let definition: RestApiDefinition = definition(SERVICE, properties)?;
    let tags = all_tags(context, tag_list(properties, "Tags"));
    Ok(RestApiDefinition {
        tags: tags.into_iter().map(|(key, value)| Tag { key, value }).collect(),
        ..definition
    })
}

fn made(row: &RestApiRow) -> Made {
    let attributes =
        object(vec![("RestApiId", json!(row.id)), ("RootResourceId", json!(row.root_resource_id))]);
    Made { physical_id: row.id.clone(), attributes }
}
