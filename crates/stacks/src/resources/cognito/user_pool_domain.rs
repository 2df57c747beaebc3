//! `AWS::Cognito::UserPoolDomain`. `Ref`: the domain.
//!
//! AWS replaces it when `Domain` changes, which fails, because a pool can have but one and the new one comes before the
//! old one goes. Here the one takes the place of the other.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{Cognito, SERVICE, pool_arn};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Permit, ResourceType,
        properties::{picked, refuse_others, required, text},
    },
    schema::Complaint,
};

pub struct UserPoolDomain {
    pub cognito: Cognito,
}

#[async_trait]
impl ResourceType for UserPoolDomain {
    fn name(&self) -> &'static str {
        "AWS::Cognito::UserPoolDomain"
    }

    fn changes_in_place(&self) -> &'static [&'static str] {
        &["Domain"]
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(properties, &["Domain", "ManagedLoginVersion", "UserPoolId"])
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let arn = pool_arn(context, text(properties, "UserPoolId").unwrap_or_default());
        match deed {
            Deed::Create => vec![Permit::new("cognito-idp:CreateUserPoolDomain", arn)],
            Deed::Delete => vec![Permit::new("cognito-idp:DeleteUserPoolDomain", arn)],
            Deed::Update => [
                "cognito-idp:CreateUserPoolDomain",
                "cognito-idp:DeleteUserPoolDomain",
                "cognito-idp:UpdateUserPoolDomain",
            ]
            .map(|action| Permit::new(action, arn.clone()))
            .to_vec(),
        }
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let domain = required(SERVICE, properties, "Domain")?;
        let pool = required(SERVICE, properties, "UserPoolId")?;
        if !(context.resumed && self.owner(context, domain).await?.as_deref() == Some(pool)) {
            let input = picked(properties, &["Domain", "ManagedLoginVersion", "UserPoolId"]);
            self.cognito.call(context, "CreateUserPoolDomain", Value::Object(input)).await?;
        }
        Ok(Made { physical_id: domain.to_owned(), attributes: Map::new() })
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let domain = required(SERVICE, new, "Domain")?;
        let pool = required(SERVICE, new, "UserPoolId")?;
        let owner = self.owner(context, domain).await?;
        if owner.as_deref() == Some(pool) {
            if let Some(version) = new.get("ManagedLoginVersion") {
                let input = json!({"Domain": domain, "UserPoolId": pool, "ManagedLoginVersion": version});
                self.cognito.call(context, "UpdateUserPoolDomain", input).await?;
            }
            return Ok(Made { physical_id: domain.to_owned(), attributes: Map::new() });
        }
        if owner.is_some() {
            return Err(Failure::invalid(SERVICE, "Domain already associated with another user pool."));
        }
        if physical_id != domain && self.owner(context, physical_id).await?.as_deref() == Some(pool) {
            let input = json!({"Domain": physical_id, "UserPoolId": pool});
            self.cognito.call(context, "DeleteUserPoolDomain", input).await?;
        }
        self.create(context, new).await
    }

    async fn delete(&self, context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let pool = required(SERVICE, properties, "UserPoolId")?;
        if self.owner(context, physical_id).await?.as_deref() != Some(pool) {
            return Ok(());
        }
        let input = json!({"Domain": physical_id, "UserPoolId": pool});
        self.cognito.call(context, "DeleteUserPoolDomain", input).await.map(|_| ())
    }
}

impl UserPoolDomain {
    /// The pool that has the domain now.
    async fn owner(&self, context: &Context, domain: &str) -> Result<Option<String>, Failure> {
        let answer =
            self.cognito.call(context, "DescribeUserPoolDomain", json!({ "Domain": domain })).await?;
        Ok(answer.get("DomainDescription").and_then(|found| text(found, "UserPoolId")).map(str::to_owned))
    }
}
