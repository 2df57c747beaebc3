//! `AWS::Logs::LogGroup`. `Ref`: the log group's name.

use std::collections::BTreeMap;

use async_trait::async_trait;
use functions::Functions;
use serde_json::{Value, json};

use super::SERVICE;
use crate::{
    resources::{
        Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
        properties::{all_tags, is_ours, name, object, refuse_others, tag_list, text},
    },
    schema::Complaint,
};

pub struct LogGroup {
    pub functions: Functions,
}

const SUPPORTED: [&str; 4] = ["LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"];

#[async_trait]
impl ResourceType for LogGroup {
    fn name(&self) -> &'static str {
        "AWS::Logs::LogGroup"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: Some("LogGroupName"), form: Form::Name { longest: 512, lower_case: false } })
    }

    fn takes_tags(&self) -> bool {
        true
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(properties, &SUPPORTED)
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let name = text(properties, "LogGroupName").or(context.name.as_deref()).unwrap_or(physical_id);
        let arn = arn(context, name);
        let action = match deed {
            Deed::Create => "logs:CreateLogGroup",
            Deed::Update => "logs:PutRetentionPolicy",
            Deed::Delete => "logs:DeleteLogGroup",
        };
        let mut permits = vec![Permit::new(action, arn.clone())];
        if deed == Deed::Create && properties.get("RetentionInDays").is_some() {
            permits.push(Permit::new("logs:PutRetentionPolicy", arn));
        }
        permits
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let name = name(SERVICE, context, properties, "LogGroupName")?;
        let tags = all_tags(context, tag_list(properties, "Tags"));
        let mut input = json!({"logGroupName": name, "tags": tags});
        if let Some(class) = text(properties, "LogGroupClass") {
            input["logGroupClass"] = json!(class);
        }
        match self.call(context, "CreateLogGroup", input).await {
            Ok(_) => {}
            Err(failure) if failure.already_exists() && context.resumed => {
                if !is_ours(context, &self.tags(context, name).await?) {
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
        self.retention(context, name, properties).await.map_err(|failure| failure.after_making(name))?;
        Ok(made(context, name))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        self.retention(context, physical_id, new).await?;
        let wanted = all_tags(context, tag_list(new, "Tags"));
        let now = self.tags(context, physical_id).await?;
        let arn = arn(context, physical_id);
        let gone: Vec<&String> = now.keys().filter(|key| !wanted.contains_key(*key)).collect();
        if !gone.is_empty() {
            self.call(context, "UntagResource", json!({"resourceArn": arn, "tagKeys": gone})).await?;
        }
        if wanted != now {
            self.call(context, "TagResource", json!({"resourceArn": arn, "tags": wanted})).await?;
        }
        Ok(made(context, physical_id))
    }

    async fn delete(&self, context: &Context, physical_id: &str, _properties: &Value) -> Result<(), Failure> {
        self.call(context, "DeleteLogGroup", json!({"logGroupName": physical_id})).await.map(|_| ())
    }
}

impl LogGroup {
    async fn call(&self, context: &Context, operation: &str, input: Value) -> Result<Value, Failure> {
        let answer = self.functions.call_logs(operation, &context.caller(), input).await;
        answer.map_err(|error| Failure::from_aws(SERVICE, error))
    }

    async fn retention(&self, context: &Context, name: &str, properties: &Value) -> Result<(), Failure> {
        match properties.get("RetentionInDays") {
            Some(days) => {
                let input = json!({"logGroupName": name, "retentionInDays": days});
                self.call(context, "PutRetentionPolicy", input).await?;
            }
            None => {
                self.call(context, "DeleteRetentionPolicy", json!({"logGroupName": name})).await?;
            }
        }
        Ok(())
    }

    async fn tags(&self, context: &Context, name: &str) -> Result<BTreeMap<String, String>, Failure> {
        let answer =
            self.call(context, "ListTagsForResource", json!({"resourceArn": arn(context, name)})).await?;
        Ok(crate::resources::properties::tag_map(&answer, "tags"))
    }
}

fn made(context: &Context, name: &str) -> Made {
    Made { physical_id: name.to_owned(), attributes: object(vec![("Arn", json!(arn(context, name) + ":*"))]) }
}

fn arn(context: &Context, name: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{name}", context.region, context.account)
}
