//! `AWS::IAM::Role`. `Ref`: the role's name.

use std::collections::BTreeMap;

use async_trait::async_trait;
use iam::{Iam, RoleSpec, RoleView};
use serde_json::{Value, json};

use super::SERVICE;
use crate::resources::{
    Capability, Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
    properties::{all_tags, is_ours, name, object, tag_list, text},
};

pub struct Role {
    pub iam: Iam,
}

#[async_trait]
impl ResourceType for Role {
    fn name(&self) -> &'static str {
        "AWS::IAM::Role"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: Some("RoleName"), form: Form::Name { longest: 64, lower_case: false } })
    }

    fn capability(&self, properties: &Value) -> Option<Capability> {
        Some(if properties.get("RoleName").is_some() { Capability::NamedIam } else { Capability::Iam })
    }

    fn takes_tags(&self) -> bool {
        true
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let name = text(properties, "RoleName").or(context.name.as_deref()).unwrap_or(physical_id);
        let path = text(properties, "Path").unwrap_or("/");
        let arn = format!("arn:aws:iam::{}:role{path}{name}", context.account);
        let mut actions: Vec<&str> = match deed {
            Deed::Create => vec!["iam:CreateRole"],
            Deed::Update => vec![
                "iam:UpdateRole",
                "iam:UpdateAssumeRolePolicy",
                "iam:PutRolePolicy",
                "iam:DeleteRolePolicy",
            ],
            Deed::Delete => vec!["iam:DeleteRole", "iam:DeleteRolePolicy"],
        };
        if deed == Deed::Create && properties.get("Policies").is_some() {
            actions.push("iam:PutRolePolicy");
        }
        if deed != Deed::Delete && properties.get("ManagedPolicyArns").is_some() {
            actions.push("iam:AttachRolePolicy");
        }
        if deed != Deed::Delete && properties.get("PermissionsBoundary").is_some() {
            actions.push("iam:PutRolePermissionsBoundary");
        }
        actions.into_iter().map(|action| Permit::new(action, arn.clone())).collect()
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let name = name(SERVICE, context, properties, "RoleName")?;
        match self.iam.create_role(&spec(context, name, properties)?).await {
            Ok(role) => Ok(made(role)),
            Err(error) => {
                let failure = Failure::from_aws(SERVICE, error);
                if !(failure.already_exists()
                    && context.resumed
                    && is_ours(context, &self.tags(context, name).await?))
                {
                    return Err(failure);
                }
                let role = self.iam.role(name).await.map_err(|error| Failure::from_aws(SERVICE, error))?;
                role.map(made).ok_or(failure)
            }
        }
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let updated = self.iam.update_role(&spec(context, physical_id, new)?).await;
        updated.map(made).map_err(|error| Failure::from_aws(SERVICE, error))
    }

    async fn delete(
        &self,
        _context: &Context,
        physical_id: &str,
        _properties: &Value,
    ) -> Result<(), Failure> {
        self.iam.delete_role(physical_id).await.map_err(|error| Failure::from_aws(SERVICE, error))
    }
}

impl Role {
    async fn tags(&self, context: &Context, name: &str) -> Result<BTreeMap<String, String>, Failure> {
        let answer = self.iam.call_iam("ListRoleTags", &context.caller(), json!({ "RoleName": name })).await;
        Ok(tag_list(&answer.map_err(|error| Failure::from_aws(SERVICE, error))?, "Tags"))
    }
}

fn spec(context: &Context, name: &str, properties: &Value) -> Result<RoleSpec, Failure> {
    let list =
        |property: &str| properties.get(property).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut inline = BTreeMap::new();
    for policy in list("Policies") {
        let policy_name = text(&policy, "PolicyName").unwrap_or_default().to_owned();
        inline.insert(policy_name, document(policy.get("PolicyDocument"))?);
    }
    Ok(RoleSpec {
        name: name.to_owned(),
        path: text(properties, "Path").unwrap_or("/").to_owned(),
        trust: document(properties.get("AssumeRolePolicyDocument"))?,
        description: text(properties, "Description").map(str::to_owned),
        max_session_duration: properties.get("MaxSessionDuration").and_then(Value::as_i64),
        managed_policy_arns: list("ManagedPolicyArns")
            .iter()
            .filter_map(|arn| arn.as_str().map(str::to_owned))
            .collect(),
        inline,
        permissions_boundary: text(properties, "PermissionsBoundary").map(str::to_owned),
        tags: all_tags(context, tag_list(properties, "Tags")),
    })
}

/// A policy, given as an object or as text.
fn document(policy: Option<&Value>) -> Result<Value, Failure> {
    match policy {
        Some(Value::String(text)) => serde_json::from_str(text)
            .map_err(|cause| Failure::invalid(SERVICE, format!("MalformedPolicyDocument: {cause}"))),
        Some(document) => Ok(document.clone()),
        None => Ok(Value::Null),
    }
}

fn made(role: RoleView) -> Made {
    let attributes = object(vec![("Arn", json!(role.arn)), ("RoleId", json!(role.id))]);
    Made { physical_id: role.name, attributes }
}
