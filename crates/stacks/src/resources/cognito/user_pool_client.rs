//! `AWS::Cognito::UserPoolClient`. `Ref`: the client's id.

use async_trait::async_trait;
use base::ids::{CLIENT_ID_LENGTH, LOWER_ALPHANUMERIC};
use serde_json::{Map, Value, json};

use super::{Cognito, SERVICE, pool_arn};
use crate::{
    resources::{
        Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
        properties::{drawn, object, picked, refuse_others, required, text},
    },
    schema::Complaint,
};

pub struct UserPoolClient {
    pub cognito: Cognito,
}

/// Members of `CreateUserPoolClient` and `UpdateUserPoolClient` that are properties of the same name.
const SHARED: [&str; 20] = [
    "AccessTokenValidity",
    "AllowedOAuthFlows",
    "AllowedOAuthFlowsUserPoolClient",
    "AllowedOAuthScopes",
    "AuthSessionValidity",
    "CallbackURLs",
    "ClientName",
    "DefaultRedirectURI",
    "EnablePropagateAdditionalUserContextData",
    "EnableTokenRevocation",
    "ExplicitAuthFlows",
    "IdTokenValidity",
    "LogoutURLs",
    "PreventUserExistenceErrors",
    "ReadAttributes",
    "RefreshTokenRotation",
    "RefreshTokenValidity",
    "SupportedIdentityProviders",
    "TokenValidityUnits",
    "WriteAttributes",
];

#[async_trait]
impl ResourceType for UserPoolClient {
    fn name(&self) -> &'static str {
        "AWS::Cognito::UserPoolClient"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming {
            property: None,
            form: Form::Id { alphabet: LOWER_ALPHANUMERIC, length: CLIENT_ID_LENGTH },
        })
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        let mut supported = SHARED.to_vec();
        supported.extend(["GenerateSecret", "UserPoolId"]);
        refuse_others(properties, &supported)
    }

    fn secret_attributes(&self) -> &'static [&'static str] {
        &["ClientSecret"]
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let action = match deed {
            Deed::Create => "cognito-idp:CreateUserPoolClient",
            Deed::Update => "cognito-idp:UpdateUserPoolClient",
            Deed::Delete => "cognito-idp:DeleteUserPoolClient",
        };
        vec![Permit::new(action, pool_arn(context, text(properties, "UserPoolId").unwrap_or_default()))]
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let id = drawn(SERVICE, context)?;
        let pool = required(SERVICE, properties, "UserPoolId")?;
        if context.resumed
            && let Ok(made) = self.made(context, pool, id).await
        {
            return Ok(made);
        }
        let mut input = members(context, pool, id, properties);
        input.extend(picked(properties, &["GenerateSecret"]));
        let made = self.cognito.0.create_user_pool_client_as(id, Value::Object(input)).await;
        let answer = made.map_err(|error| Failure::from_aws(SERVICE, error))?;
        Ok(shown(id, answer.get("UserPoolClient")))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let pool = required(SERVICE, new, "UserPoolId")?;
        let mut input = members(context, pool, physical_id, new);
        input.insert(String::from("ClientId"), json!(physical_id));
        if text(new, "ClientName").is_none() {
            input.remove("ClientName");
        }
        self.cognito.call(context, "UpdateUserPoolClient", Value::Object(input)).await?;
        self.made(context, pool, physical_id).await
    }

    async fn delete(&self, context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let pool = required(SERVICE, properties, "UserPoolId")?;
        let input = json!({"UserPoolId": pool, "ClientId": physical_id});
        self.cognito.call(context, "DeleteUserPoolClient", input).await.map(|_| ())
    }
}

impl UserPoolClient {
    async fn made(&self, context: &Context, pool: &str, id: &str) -> Result<Made, Failure> {
        let input = json!({"UserPoolId": pool, "ClientId": id});
        let answer = self.cognito.call(context, "DescribeUserPoolClient", input).await?;
        Ok(shown(id, answer.get("UserPoolClient")))
    }
}

fn members(context: &Context, pool: &str, id: &str, properties: &Value) -> Map<String, Value> {
    let mut input = picked(properties, &SHARED);
    input.insert(String::from("UserPoolId"), json!(pool));
    let random: String = id.chars().take(12).collect();
    input.entry("ClientName").or_insert_with(|| json!(format!("{}-{random}", context.logical_id)));
    input
}

fn shown(id: &str, client: Option<&Value>) -> Made {
    let member = |name: &str| client.and_then(|client| client.get(name)).cloned();
    let mut attributes =
        object(vec![("ClientId", json!(id)), ("Name", member("ClientName").unwrap_or(Value::Null))]);
    if let Some(secret) = member("ClientSecret") {
        attributes.insert(String::from("ClientSecret"), secret);
    }
    Made { physical_id: id.to_owned(), attributes }
}
