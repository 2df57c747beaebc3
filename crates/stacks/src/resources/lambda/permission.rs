//! `AWS::Lambda::Permission`: a statement of a function's resource policy. `Ref`: the statement's id.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Lambda, SERVICE, function_arn};
use crate::{
    resources::{
        Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
        properties::{drawn, object, picked, refuse_others, required, text},
    },
    schema::Complaint,
};

pub struct Permission {
    pub lambda: Lambda,
}

const MEMBERS: [&str; 8] = [
    "Action",
    "EventSourceToken",
    "FunctionName",
    "FunctionUrlAuthType",
    "Principal",
    "PrincipalOrgID",
    "SourceAccount",
    "SourceArn",
];

#[async_trait]
impl ResourceType for Permission {
    fn name(&self) -> &'static str {
        "AWS::Lambda::Permission"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: None, form: Form::Name { longest: 100, lower_case: false } })
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        refuse_others(properties, &MEMBERS)
    }

    fn permits(&self, deed: Deed, context: &Context, _physical_id: &str, properties: &Value) -> Vec<Permit> {
        let action = if deed == Deed::Delete { "lambda:RemovePermission" } else { "lambda:AddPermission" };
        let function = text(properties, "FunctionName").unwrap_or_default();
        vec![Permit::new(action, function_arn(context, function))]
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let statement = drawn(SERVICE, context)?;
        let mut input = picked(properties, &MEMBERS);
        input.insert(String::from("StatementId"), json!(statement));
        match self.lambda.call(context, "AddPermission", Value::Object(input)).await {
            Ok(_) => {}
            // Nobody else has this id: it was drawn for this statement.
            Err(failure) if failure.already_exists() && context.resumed => {}
            Err(failure) => return Err(failure),
        }
        Ok(Made { physical_id: statement.to_owned(), attributes: object(vec![("Id", json!(statement))]) })
    }

    async fn update(
        &self,
        _context: &Context,
        physical_id: &str,
        _old: &Value,
        _new: &Value,
    ) -> Result<Made, Failure> {
        Ok(Made { physical_id: physical_id.to_owned(), attributes: object(vec![("Id", json!(physical_id))]) })
    }

    async fn delete(&self, context: &Context, physical_id: &str, properties: &Value) -> Result<(), Failure> {
        let function = required(SERVICE, properties, "FunctionName")?;
        let input = json!({"FunctionName": function, "StatementId": physical_id});
        self.lambda.call(context, "RemovePermission", input).await.map(|_| ())
    }
}
