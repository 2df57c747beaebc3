//! `AWS::ApiGateway::Model`. `Ref`: its name.

use async_trait::async_trait;
use base::ids::ALPHANUMERIC;
use gateway::{Gateway, definitions::ModelDefinition};
use serde_json::{Map, Value};

use super::{SERVICE, failed, permit};
use crate::resources::{
    Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
    properties::{definition, name, required, text},
};

pub struct Model {
    pub gateway: Gateway,
}

#[async_trait]
impl ResourceType for Model {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::Model"
    }

    /// A model's name is letters and digits only, so it is drawn as an id is.
    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: Some("Name"), form: Form::Id { alphabet: ALPHANUMERIC, length: 12 } })
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let api = text(properties, "RestApiId").unwrap_or_default();
        permit(deed, context, &format!("/restapis/{api}/models"), physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        let name = name(SERVICE, context, properties, "Name")?;
        let wanted = ModelDefinition { name: Some(name.to_owned()), ..definition(SERVICE, properties)? };
        if context.resumed
            && let Ok(model) = self.gateway.get_model(api, name).await
            && model.definition == wanted
        {
            return Ok(made(name));
        }
        self.gateway.create_model(api, wanted).await.map_err(failed)?;
        Ok(made(name))
    }

    async fn update(
        &self,
        _context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let api = required(SERVICE, new, "RestApiId")?;
        let wanted = ModelDefinition { name: Some(physical_id.to_owned()), ..definition(SERVICE, new)? };
        self.gateway.update_model(api, physical_id, wanted).await.map_err(failed)?;
        Ok(made(physical_id))
    }

    async fn delete(&self, _context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        self.gateway.delete_model(api, physical_id).await.map_err(failed)
    }
}

fn made(name: &str) -> Made {
    Made { physical_id: name.to_owned(), attributes: Map::new() }
}
