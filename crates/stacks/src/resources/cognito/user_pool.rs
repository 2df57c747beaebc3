//! `AWS::Cognito::UserPool`. `Ref`: the pool's id.
//!
//! A change to `UsernameAttributes`, `AliasAttributes`, `UsernameConfiguration` or to an attribute that is there needs a
//! new pool: the registry's facts do not say so, the service does ("Updates are not allowed for property").

use std::collections::BTreeMap;

use async_trait::async_trait;
use base::ids::{ALPHANUMERIC, POOL_ID_SUFFIX_LENGTH};
use serde_json::{Map, Value, json};

use super::{Cognito, SERVICE, pool_arn, schema_changes};
use crate::resources::{
    Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
    properties::{all_tags, drawn, object, picked, tag_map, text},
};

pub struct UserPool {
    pub cognito: Cognito,
}

/// Members of `CreateUserPool` and `UpdateUserPool` that are properties of the same name.
const SHARED: [&str; 17] = [
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "LambdaConfig",
    "Policies",
    "SmsAuthenticationMessage",
    "SmsConfiguration",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTier",
    "VerificationMessageTemplate",
];
/// Those that only `CreateUserPool` knows.
const AT_CREATION: [&str; 4] = ["AliasAttributes", "Schema", "UsernameAttributes", "UsernameConfiguration"];

#[async_trait]
impl ResourceType for UserPool {
    fn name(&self) -> &'static str {
        "AWS::Cognito::UserPool"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming {
            property: None,
            form: Form::Id { alphabet: ALPHANUMERIC, length: POOL_ID_SUFFIX_LENGTH },
        })
    }

    fn takes_tags(&self) -> bool {
        true
    }

    fn replaced_by(&self, old: &Value, new: &Value) -> Vec<String> {
        let fixed = ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration"];
        let mut changed: Vec<String> = fixed
            .iter()
            .filter(|name| old.get(**name) != new.get(**name))
            .map(|name| (*name).to_owned())
            .collect();
        if !schema_changes::can_grow(old, new) {
            changed.push(String::from("Schema"));
        }
        changed
    }

    async fn holds(&self, context: &Context, physical_id: &str) -> Result<Option<String>, Failure> {
        let pool = match self.describe(context, physical_id).await {
            Err(failure) if failure.is_not_found() => return Ok(None),
            pool => pool?,
        };
        Ok(match pool.get("EstimatedNumberOfUsers").and_then(Value::as_i64).unwrap_or(0) {
            0 => None,
            1 => Some(String::from("its 1 user")),
            users => Some(format!("its {users} users")),
        })
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let arn = pool_arn(context, physical_id);
        let mut permits = match deed {
            Deed::Create => vec![Permit::new("cognito-idp:CreateUserPool", "*")],
            Deed::Update => ["cognito-idp:UpdateUserPool", "cognito-idp:AddCustomAttributes"]
                .map(|action| Permit::new(action, arn.clone()))
                .to_vec(),
            Deed::Delete => ["cognito-idp:DeleteUserPool", "cognito-idp:DeleteUserPoolDomain"]
                .map(|action| Permit::new(action, arn.clone()))
                .to_vec(),
        };
        if deed != Deed::Delete {
            if wants_mfa(properties) {
                permits.push(Permit::new(
                    "cognito-idp:SetUserPoolMfaConfig",
                    if deed == Deed::Create { "*" } else { &arn },
                ));
            }
            if let Some(role) = properties.pointer("/SmsConfiguration/SnsCallerArn").and_then(Value::as_str) {
                permits.push(Permit::new("iam:PassRole", role));
            }
        }
        permits
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let suffix = drawn(SERVICE, context)?;
        let id = format!("{}_{suffix}", context.region);
        let there = context.resumed && self.describe(context, &id).await.is_ok();
        if !there {
            let mut input = picked(properties, &SHARED);
            input.extend(picked(properties, &AT_CREATION));
            let generated = format!("{}-{suffix}", context.logical_id);
            input.insert(
                String::from("PoolName"),
                json!(text(properties, "UserPoolName").unwrap_or(&generated)),
            );
            input.insert(String::from("UserPoolTags"), json!(tags(context, properties)));
            let made = self.cognito.0.create_user_pool_as(&id, Value::Object(input)).await;
            made.map_err(|error| Failure::from_aws(SERVICE, error))?;
        }
        let rest = self.second_factors(context, &id, properties).await;
        rest.map_err(|failure| failure.after_making(id.clone()))?;
        Ok(self.made(context, &id))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let pool = self.describe(context, physical_id).await?;
        let known = pool.get("SchemaAttributes").and_then(Value::as_array).cloned().unwrap_or_default();
        let known: Vec<String> = known.iter().filter_map(|one| Some(text(one, "Name")?.to_owned())).collect();
        let additions = schema_changes::additions(new, &known);
        if !additions.is_empty() {
            let input = json!({"UserPoolId": physical_id, "CustomAttributes": additions});
            self.cognito.call(context, "AddCustomAttributes", input).await?;
        }
        let mut input = picked(new, &SHARED);
        input.insert(String::from("UserPoolId"), json!(physical_id));
        input.insert(String::from("UserPoolTags"), json!(tags(context, new)));
        input.insert(String::from("MfaConfiguration"), json!("OFF"));
        if let Some(name) = text(new, "UserPoolName") {
            input.insert(String::from("PoolName"), json!(name));
        }
        if wants_mfa(new) {
            // Turned on by the call that also says which factors there are; until then as it was.
            input.insert(
                String::from("MfaConfiguration"),
                pool.get("MfaConfiguration").cloned().unwrap_or(json!("OFF")),
            );
        }
        self.cognito.call(context, "UpdateUserPool", Value::Object(input)).await?;
        self.second_factors(context, physical_id, new).await?;
        Ok(self.made(context, physical_id))
    }

    /// A domain that was added to the pool by other means goes with it: there is nothing it could still lead to.
    async fn delete(&self, context: &Context, physical_id: &str, _properties: &Value) -> Result<(), Failure> {
        let pool = self.describe(context, physical_id).await?;
        let protected = text(&pool, "DeletionProtection") == Some("ACTIVE");
        if let (Some(domain), false) = (text(&pool, "Domain"), protected) {
            let input = json!({"UserPoolId": physical_id, "Domain": domain});
            self.cognito.call(context, "DeleteUserPoolDomain", input).await?;
        }
        self.cognito.call(context, "DeleteUserPool", json!({"UserPoolId": physical_id})).await.map(|_| ())
    }
}

impl UserPool {
    async fn describe(&self, context: &Context, pool_id: &str) -> Result<Value, Failure> {
        let answer = self.cognito.call(context, "DescribeUserPool", json!({"UserPoolId": pool_id})).await?;
        Ok(answer.get("UserPool").cloned().unwrap_or(Value::Null))
    }

    /// `MfaConfiguration`, `EnabledMfas` and what belongs to them are set by an operation of their own.
    async fn second_factors(
        &self,
        context: &Context,
        pool_id: &str,
        properties: &Value,
    ) -> Result<(), Failure> {
        if !wants_mfa(properties) {
            return Ok(());
        }
        let enabled: Vec<&str> = properties
            .get("EnabledMfas")
            .and_then(Value::as_array)
            .map(|all| all.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let by_default = enabled.is_empty() && properties.get("SmsConfiguration").is_some();
        let mut input = Map::new();
        input.insert(String::from("UserPoolId"), json!(pool_id));
        let wanted = text(properties, "MfaConfiguration").unwrap_or("OFF");
        input.insert(String::from("MfaConfiguration"), json!(wanted));
        if enabled.contains(&"SMS_MFA") || by_default {
            let configuration = picked(properties, &["SmsAuthenticationMessage", "SmsConfiguration"]);
            input.insert(String::from("SmsMfaConfiguration"), Value::Object(configuration));
        }
        let software = enabled.contains(&"SOFTWARE_TOKEN_MFA");
        input.insert(String::from("SoftwareTokenMfaConfiguration"), json!({ "Enabled": software }));
        if enabled.contains(&"EMAIL_OTP") {
            let mut configuration = Map::new();
            for (property, member) in
                [("EmailAuthenticationMessage", "Message"), ("EmailAuthenticationSubject", "Subject")]
            {
                if let Some(value) = properties.get(property) {
                    configuration.insert(member.to_owned(), value.clone());
                }
            }
            input.insert(String::from("EmailMfaConfiguration"), Value::Object(configuration));
        }
        let mut passkeys = Map::new();
        for (property, member) in [
            ("WebAuthnRelyingPartyID", "RelyingPartyId"),
            ("WebAuthnUserVerification", "UserVerification"),
            ("WebAuthnFactorConfiguration", "FactorConfiguration"),
        ] {
            if let Some(value) = properties.get(property) {
                passkeys.insert(member.to_owned(), value.clone());
            }
        }
        if !passkeys.is_empty() {
            input.insert(String::from("WebAuthnConfiguration"), Value::Object(passkeys));
        }
        self.cognito.call(context, "SetUserPoolMfaConfig", Value::Object(input)).await.map(|_| ())
    }

    fn made(&self, context: &Context, id: &str) -> Made {
        let url = self.cognito.0.issuer(id);
        let name = url.split_once("://").map_or(url.as_str(), |(_, name)| name).to_owned();
        let attributes = object(vec![
            ("Arn", json!(pool_arn(context, id))),
            ("ProviderName", json!(name)),
            ("ProviderURL", json!(url)),
            ("UserPoolId", json!(id)),
        ]);
        Made { physical_id: id.to_owned(), attributes }
    }
}

fn wants_mfa(properties: &Value) -> bool {
    text(properties, "MfaConfiguration").is_some_and(|wanted| wanted != "OFF")
        || [
            "EnabledMfas",
            "WebAuthnRelyingPartyID",
            "WebAuthnUserVerification",
            "WebAuthnFactorConfiguration",
        ]
        .iter()
        .any(|name| properties.get(*name).is_some_and(|value| *value != json!([])))
}

fn tags(context: &Context, properties: &Value) -> BTreeMap<String, String> {
    all_tags(context, tag_map(properties, "UserPoolTags"))
}
