//! `AWS::Lambda::Version`: a function's code and settings, frozen. `Ref`: the version's ARN.

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

pub struct Version {
    pub lambda: Lambda,
}

#[async_trait]
impl ResourceType for Version {
    fn name(&self) -> &'static str {
        "AWS::Lambda::Version"
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(properties, &["CodeSha256", "Description", "FunctionName"])
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let function = text(properties, "FunctionName").unwrap_or_default();
        match deed {
            Deed::Delete => vec![Permit::new("lambda:DeleteFunction", physical_id)],
            _ => vec![Permit::new("lambda:PublishVersion", function_arn(context, function))],
        }
    }

    /// Publishing code that was just published gives the same version again, so this may be repeated.
    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let input = picked(properties, &["CodeSha256", "Description", "FunctionName"]);
        let answer = self.lambda.call(context, "PublishVersion", Value::Object(input)).await?;
        let number = required(SERVICE, &answer, "Version")?;
        let arn = required(SERVICE, &answer, "FunctionArn")?;
        Ok(made(arn, number))
    }

    async fn update(
        &self,
        _context: &Context,
        physical_id: &str,
        _old: &Value,
        _new: &Value,
    ) -> Result<Made, Failure> {
        Ok(made(physical_id, physical_id.rsplit(':').next().unwrap_or_default()))
    }

    async fn delete(&self, context: &Context, physical_id: &str, _properties: &Value) -> Result<(), Failure> {
        self.lambda.call(context, "DeleteFunction", json!({"FunctionName": physical_id})).await.map(|_| ())
    }
}

fn made(arn: &str, number: &str) -> Made {
    let attributes = object(vec![("Version", json!(number)), ("FunctionArn", json!(arn))]);
    Made { physical_id: arn.to_owned(), attributes }
}
