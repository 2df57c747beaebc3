//! `AWS::ApiGateway::Deployment`: the API as it is now, and where `StageName` says so the stage that serves it. `Ref`: its
//! id.

use async_trait::async_trait;
use gateway::{Gateway, control::deployment::Leaving, definitions::StageDefinition};
use serde_json::{Value, json};

use super::{SERVICE, SHORT_ID, failed, permit};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Naming, Permit, ResourceType,
        properties::{definition, drawn, object, refuse, refuse_others, required, text},
    },
    schema::Complaint,
};

pub struct Deployment {
    pub gateway: Gateway,
}

/// Members of `StageDescription` that speak of all methods at once, where a stage has a list of settings.
const FOR_ALL_METHODS: [&str; 6] = [
    "CachingEnabled",
    "DataTraceEnabled",
    "LoggingLevel",
    "MetricsEnabled",
    "ThrottlingBurstLimit",
    "ThrottlingRateLimit",
];

#[async_trait]
impl ResourceType for Deployment {
    fn name(&self) -> &'static str {
        "AWS::ApiGateway::Deployment"
    }

    fn naming(&self) -> Option<Naming> {
        Some(SHORT_ID)
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        let mut complaints =
            refuse_others(properties, &["Description", "RestApiId", "StageDescription", "StageName"]);
        let stage = properties.get("StageDescription").and_then(Value::as_object);
        for member in ["CanarySetting", "ClientCertificateId", "CacheClusterSize"] {
            if stage.is_some_and(|stage| stage.contains_key(member)) {
                complaints.push(refuse(
                    &["StageDescription", member],
                    "this property is not supported by this server",
                ));
            }
        }
        complaints
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let api = text(properties, "RestApiId").unwrap_or_default();
        permit(deed, context, &format!("/restapis/{api}/deployments"), physical_id)
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let id = drawn(SERVICE, context)?;
        let api = required(SERVICE, properties, "RestApiId")?;
        if !(context.resumed && self.gateway.get_deployment(api, id).await.is_ok()) {
            let description = text(properties, "Description").map(str::to_owned);
            let (stage, leaving) = (stage(properties)?, leaving(context, api));
            let made = self.gateway.create_deployment_as(id, api, description, stage, &leaving).await;
            made.map_err(failed)?;
        }
        Ok(made(id))
    }

    /// What a deployment serves does not change; a change to what it says of its stage reaches the stage.
    async fn update(
        &self,
        _context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let api = required(SERVICE, new, "RestApiId")?;
        if let Some(wanted) = stage(new)? {
            let wanted = StageDefinition { deployment_id: physical_id.to_owned(), ..wanted };
            let there = self.gateway.get_stage(api, &wanted.stage_name).await.is_ok();
            let written = match there {
                true => self.gateway.update_stage(api, wanted).await,
                false => self.gateway.create_stage(api, wanted).await,
            };
            written.map_err(failed)?;
        }
        Ok(made(physical_id))
    }

    /// A stage that the deployment made and that still serves it goes back to the deployment before it, as after an update
    /// that was rolled back; where there is none it goes too.
    async fn delete(&self, _context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let api = required(SERVICE, properties, "RestApiId")?;
        if let Some(name) = text(properties, "StageName")
            && let Ok(stage) = self.gateway.get_stage(api, name).await
            && stage.definition.deployment_id == physical_id
        {
            let others = self.gateway.deployments(api).await.map_err(failed)?;
            let before = others
                .into_iter()
                .filter(|other| other.id != physical_id)
                .max_by_key(|other| other.created_at);
            match before {
                Some(before) => {
                    let definition = StageDefinition { deployment_id: before.id, ..stage.definition };
                    self.gateway.update_stage(api, definition).await.map_err(failed)?;
                }
                None => self.gateway.delete_stage(api, name).await.map_err(failed)?,
            }
        }
        self.gateway.delete_deployment(api, physical_id).await.map_err(failed)
    }
}

/// CloudFormation takes away what a template no longer has when all else is done, after the deployment was made. On AWS
/// that leaves removed methods open in the stage until the next deployment; here they are not in it (ADR 6).
fn leaving(context: &Context, api: &str) -> Leaving {
    let mut leaving = Leaving::default();
    for one in context.leaving.iter().filter(|one| text(&one.properties, "RestApiId") == Some(api)) {
        let property = |name: &str| text(&one.properties, name).unwrap_or_default().to_owned();
        match one.resource_type.as_str() {
            "AWS::ApiGateway::Resource" => leaving.resources.insert(one.physical_id.clone()),
            "AWS::ApiGateway::Method" => {
                leaving.methods.insert((property("ResourceId"), property("HttpMethod").to_ascii_uppercase()))
            }
            "AWS::ApiGateway::GatewayResponse" => leaving.gateway_responses.insert(property("ResponseType")),
            _ => false,
        };
    }
    leaving
}

fn stage(properties: &Value) -> Result<Option<StageDefinition>, Failure> {
    let Some(name) = text(properties, "StageName") else { return Ok(None) };
    let mut described = properties.get("StageDescription").cloned().unwrap_or_else(|| json!({}));
    described["StageName"] = json!(name);
    let mut for_all = json!({"ResourcePath": "/*", "HttpMethod": "*"});
    let mut any = false;
    for member in FOR_ALL_METHODS {
        if let Some(value) = described.get(member).cloned() {
            for_all[member] = value;
            any = true;
        }
    }
    if any {
        let mut settings =
            described.get("MethodSettings").and_then(Value::as_array).cloned().unwrap_or_default();
        settings.insert(0, for_all);
        described["MethodSettings"] = Value::Array(settings);
    }
    definition(SERVICE, &described).map(Some)
}

fn made(id: &str) -> Made {
    Made { physical_id: id.to_owned(), attributes: object(vec![("DeploymentId", json!(id))]) }
}
