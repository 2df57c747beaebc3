//! `AWS::Lambda::EventInvokeConfig`: how asynchronous invocations are retried. `Ref`: a generated name; it is known by its
//! function and qualifier.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use super::{Lambda, SERVICE, function_arn};
use crate::resources::{
    Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
    properties::{drawn, picked, text},
};

pub struct EventInvokeConfig {
    pub lambda: Lambda,
}

#[async_trait]
impl ResourceType for EventInvokeConfig {
    fn name(&self) -> &'static str {
        "AWS::Lambda::EventInvokeConfig"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: None, form: Form::Name { longest: 128, lower_case: false } })
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let action = match deed {
            Deed::Delete => "lambda:DeleteFunctionEventInvokeConfig",
            _ => "lambda:PutFunctionEventInvokeConfig",
        };
        vec![Permit::new(action, function_arn(context, text(properties, "FunctionName").unwrap_or_default()))]
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let name = drawn(SERVICE, context)?.to_owned();
        self.put(context, name, properties).await
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        self.put(context, physical_id.to_owned(), new).await
    }

    async fn delete(&self, context: &Context, _physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let input = place(properties);
        self.lambda.call(context, "DeleteFunctionEventInvokeConfig", Value::Object(input)).await.map(|_| ())
    }
}

impl EventInvokeConfig {
    async fn put(&self, context: &Context, name: String, properties: &Value) -> Result<Made, Failure> {
        let mut input = place(properties);
        input.extend(picked(
            properties,
            &["DestinationConfig", "MaximumEventAgeInSeconds", "MaximumRetryAttempts"],
        ));
        self.lambda.call(context, "PutFunctionEventInvokeConfig", Value::Object(input)).await?;
        Ok(Made { physical_id: name, attributes: Map::new() })
    }
}

/// `$LATEST` is what the operation means where it is given no qualifier.
fn place(properties: &Value) -> Map<String, Value> {
    let mut place = picked(properties, &["FunctionName"]);
    if let Some(qualifier) = text(properties, "Qualifier").filter(|qualifier| *qualifier != "$LATEST") {
        place.insert(String::from("Qualifier"), json!(qualifier));
    }
    place
}
