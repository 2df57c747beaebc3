//! `AWS::Lambda::Alias`: a name for a version. `Ref`: the alias's ARN.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Lambda, SERVICE, function_arn};
use crate::{
    resources::{
        Context, Deed, Failure, Made, Permit, ResourceType,
        properties::{object, picked, refuse_others, required, text},
    },
    schema::Complaint,
};

pub struct Alias {
    pub lambda: Lambda,
}

const MEMBERS: [&str; 4] = ["Description", "FunctionName", "FunctionVersion", "Name"];

#[async_trait]
impl ResourceType for Alias {
    fn name(&self) -> &'static str {
        "AWS::Lambda::Alias"
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(properties, &[MEMBERS.as_slice(), &["RoutingConfig"]].concat())
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let action = match deed {
            Deed::Create => "lambda:CreateAlias",
            Deed::Update => "lambda:UpdateAlias",
            Deed::Delete => "lambda:DeleteAlias",
        };
        vec![Permit::new(action, function_arn(context, text(properties, "FunctionName").unwrap_or_default()))]
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let answer = match self.lambda.call(context, "CreateAlias", input(properties)).await {
            // An alias of that name that was there before would have stopped the first attempt.
            Err(failure) if failure.already_exists() && context.resumed => {
                self.lambda.call(context, "UpdateAlias", input(properties)).await?
            }
            answer => answer?,
        };
        made(&answer)
    }

    async fn update(
        &self,
        context: &Context,
        _physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let mut input = input(new);
        if input.get("RoutingConfig").is_none() {
            input["RoutingConfig"] = json!({"AdditionalVersionWeights": {}});
        }
        made(&self.lambda.call(context, "UpdateAlias", input).await?)
    }

    async fn delete(&self, context: &Context, _physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let input = picked(properties, &["FunctionName", "Name"]);
        self.lambda.call(context, "DeleteAlias", Value::Object(input)).await.map(|_| ())
    }
}

/// The template has a list of versions and weights where the operation has a map.
fn input(properties: &Value) -> Value {
    let mut input = Value::Object(picked(properties, &MEMBERS));
    if let Some(weights) =
        properties.pointer("/RoutingConfig/AdditionalVersionWeights").and_then(Value::as_array)
    {
        let weights: serde_json::Map<String, Value> = weights
            .iter()
            .filter_map(|one| {
                Some((text(one, "FunctionVersion")?.to_owned(), one.get("FunctionWeight")?.clone()))
            })
            .collect();
        input["RoutingConfig"] = json!({ "AdditionalVersionWeights": weights });
    }
    input
}

fn made(answer: &Value) -> Result<Made, Failure> {
    let arn = required(SERVICE, answer, "AliasArn")?;
    Ok(Made { physical_id: arn.to_owned(), attributes: object(vec![("AliasArn", json!(arn))]) })
}
