//! `AWS::ApiGateway::Stage`. `Ref`: the stage's name.

use async_trait::async_trait;
use gateway::{
    Gateway,
    definitions::{StageDefinition, Tag},
};
use serde_json::{Map, Value};

use super::{SERVICE, failed, permit};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Permit, ResourceType,
        properties::{all_tags, definition, is_ours, refuse_others, required, tag_list, text},
    },
    schema::Complaint,
};

pub struct Stage {
    pub gateway: Gateway,
}

const SUPPORTED: [&str; 11] = [
    "AccessLogSetting",
    "CacheClusterEnabled",
    "DeploymentId",
    "Description",
    "DocumentationVersion",
    "MethodSettings",
    "RestApiId",
    "StageName",
    "Tags",
    "TracingEnabled",
    "Variables",
];

#[async_trait]
impl ResourceType for Stage {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::Stage"
    }

    fn takes_tags(&self) -> bool {
        true
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(properties, &SUPPORTED)
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let api = text(properties, "RestApiId").unwrap_or_default();
        permit(deed, context, &format!("/restapis/{api}/stages"), physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        let name = required(SERVICE, properties, "StageName")?;
        if context.resumed
            && let Ok(stage) = self.gateway.get_stage(api, name).await
        {
            let tags = stage.definition.tags.into_iter().map(|tag| (tag.key, tag.value)).collect();
            if is_ours(context, &tags) {
                return Ok(made(name));
            }
        }
        self.gateway.create_stage(api, tagged(context, properties)?).await.map_err(failed)?;
        Ok(made(name))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let api = required(SERVICE, new, "RestApiId")?;
        self.gateway.update_stage(api, tagged(context, new)?).await.map_err(failed)?;
        Ok(made(physical_id))
    }

    async fn delete(&self, _context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        self.gateway.delete_stage(api, physical_id).await.map_err(failed)
    }
}

fn tagged(context: &Context, properties: &Value) -> Result<StageDefinition, Failure> {
    let definition: StageDefinition = definition(SERVICE, properties)?;
    let tags = all_tags(context, tag_list(properties, "Tags"));
    Ok(StageDefinition {
        tags: tags.into_iter().map(|(key, value)| Tag { key, value }).collect(),
        ..definition
    })
}

fn made(name: &str) -> Made {
    Made { physical_id: name.to_owned(), attributes: Map::new() }
}
