//! `AWS::Lambda::Function`. `Ref`: the function's name.

use std::collections::BTreeMap;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Lambda, SERVICE, function_arn};
use crate::{
    resources::{
        Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
        properties::{
            all_tags, is_ours, name, object, picked, refuse, refuse_others, tag_list, tag_map, text,
        },
    },
    schema::Complaint,
};

pub struct Function {
    pub lambda: Lambda,
}

const SUPPORTED: [&str; 18] = [
    "Architectures",
    "Code",
    "Description",
    "Environment",
    "EphemeralStorage",
    "FunctionName",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "PackageType",
    "RecursiveLoop",
    "ReservedConcurrentExecutions",
    "Role",
    "Runtime",
    "RuntimeManagementConfig",
    "Tags",
    "Timeout",
    "TracingConfig",
];
/// Members of `CreateFunction` and `UpdateFunctionConfiguration` that are properties of the same name.
const CONFIGURATION: [&str; 10] = [
    "Description",
    "Environment",
    "EphemeralStorage",
    "Handler",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "TracingConfig",
];

#[async_trait]
impl ResourceType for Function {
    fn name(&self) -> &'static str {
        "AWS::Lambda::Function"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: Some("FunctionName"), form: Form::Name { longest: 64, lower_case: false } })
    }

    fn takes_tags(&self) -> bool {
        true
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        // What a template sets to nothing asks for nothing.
        let asked: Value = match properties.as_object() {
            Some(map) => map
                .iter()
                .filter(|(_, value)| !is_nothing(value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            None => return Vec::new(),
        };
        let mut complaints = refuse_others(&asked, &SUPPORTED);
        if text(properties, "PackageType").is_some_and(|kind| kind != "Zip") {
            complaints.push(refuse(&["PackageType"], "container images are not supported by this server"));
        }
        let update_on =
            properties.pointer("/RuntimeManagementConfig/UpdateRuntimeOn").and_then(Value::as_str);
        if update_on == Some("Manual") {
            complaints.push(refuse(
                &["RuntimeManagementConfig"],
                "functions run on the interpreter that is installed",
            ));
        }
        let code = properties.get("Code");
        for member in ["ImageUri", "SourceKMSKeyArn"] {
            if code.is_some_and(|code| code.get(member).is_some()) {
                complaints.push(refuse(&["Code", member], "this property is not supported by this server"));
            }
        }
        complaints
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let name = text(properties, "FunctionName").or(context.name.as_deref()).unwrap_or(physical_id);
        let arn = function_arn(context, name);
        let mut permits: Vec<Permit> = match deed {
            Deed::Create => vec![Permit::new("lambda:CreateFunction", arn)],
            Deed::Delete => vec![Permit::new("lambda:DeleteFunction", function_arn(context, physical_id))],
            Deed::Update => ["lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"]
                .map(|action| Permit::new(action, arn.clone()))
                .to_vec(),
        };
        if deed != Deed::Delete {
            if let Some(role) = text(properties, "Role") {
                permits.push(Permit::new("iam:PassRole", role));
            }
            if let (Some(bucket), Some(key)) = (code(properties, "S3Bucket"), code(properties, "S3Key")) {
                permits.push(Permit::new("s3:GetObject", format!("arn:aws:s3:::{bucket}/{key}")));
            }
        }
        permits
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let name = name(SERVICE, context, properties, "FunctionName")?;
        let mut input = picked(properties, &CONFIGURATION);
        input.extend(picked(properties, &["Architectures"]));
        input.insert(String::from("FunctionName"), json!(name));
        input.insert(String::from("Code"), package(properties)?);
        input.insert(String::from("Tags"), json!(all_tags(context, tag_list(properties, "Tags"))));
        match self.lambda.call(context, "CreateFunction", Value::Object(input)).await {
            Ok(_) => {}
            Err(failure) if failure.already_exists() && context.resumed => {
                let there = self.lambda.call(context, "GetFunction", json!({"FunctionName": name})).await?;
                if !is_ours(context, &tag_map(&there, "Tags")) {
                    return Err(failure);
                }
            }
            Err(failure) => return Err(failure),
        }
        self.concurrency(context, name, properties).await.map_err(|failure| failure.after_making(name))?;
        Ok(made(context, name))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        let mut configuration = picked(new, &CONFIGURATION);
        for (member, otherwise) in [
            ("Description", json!("")),
            ("Environment", json!({"Variables": {}})),
            ("EphemeralStorage", json!({"Size": 512})),
            ("LoggingConfig", json!({"LogFormat": "Text"})),
            ("MemorySize", json!(128)),
            ("Timeout", json!(3)),
            ("TracingConfig", json!({"Mode": "PassThrough"})),
        ] {
            // What the template no longer sets goes back to what it would be had it never been set.
            if old.get(member).is_some() {
                configuration.entry(member).or_insert(otherwise);
            }
        }
        configuration.insert(String::from("FunctionName"), json!(physical_id));
        self.lambda.call(context, "UpdateFunctionConfiguration", Value::Object(configuration)).await?;
        let mut code = package(new)?;
        code["FunctionName"] = json!(physical_id);
        if let Some(architectures) = new.get("Architectures") {
            code["Architectures"] = architectures.clone();
        }
        self.lambda.call(context, "UpdateFunctionCode", code).await?;
        self.concurrency(context, physical_id, new).await?;
        self.tags(context, physical_id, &all_tags(context, tag_list(new, "Tags"))).await?;
        Ok(made(context, physical_id))
    }

    async fn delete(&self, context: &Context, physical_id: &str, _properties: &Value) -> Result<(), Failure> {
        self.lambda.call(context, "DeleteFunction", json!({"FunctionName": physical_id})).await.map(|_| ())
    }
}

impl Function {
    async fn concurrency(&self, context: &Context, name: &str, properties: &Value) -> Result<(), Failure> {
        match properties.get("ReservedConcurrentExecutions") {
            Some(limit) => {
                let input = json!({"FunctionName": name, "ReservedConcurrentExecutions": limit});
                self.lambda.call(context, "PutFunctionConcurrency", input).await?;
            }
            None => {
                self.lambda.call(context, "DeleteFunctionConcurrency", json!({"FunctionName": name})).await?;
            }
        }
        Ok(())
    }

    async fn tags(
        &self,
        context: &Context,
        name: &str,
        wanted: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let arn = function_arn(context, name);
        let now = self.lambda.call(context, "ListTags", json!({"Resource": arn})).await?;
        let now = tag_map(&now, "Tags");
        let gone: Vec<&String> = now.keys().filter(|key| !wanted.contains_key(*key)).collect();
        if !gone.is_empty() {
            self.lambda.call(context, "UntagResource", json!({"Resource": arn, "TagKeys": gone})).await?;
        }
        if *wanted != now {
            self.lambda.call(context, "TagResource", json!({"Resource": arn, "Tags": wanted})).await?;
        }
        Ok(())
    }
}

/// Where the code is. A `ZipFile` in a template is source text: one file, `index` in the runtime's language.
fn package(properties: &Value) -> Result<Value, Failure> {
    let code = properties.get("Code").cloned().unwrap_or(Value::Null);
    if let Some(source) = text(&code, "ZipFile") {
        let extension = if text(properties, "Runtime").is_some_and(|runtime| runtime.starts_with("python")) {
            "py"
        } else {
            "js"
        };
        let zip = crate::inline_code::zipped(&format!("index.{extension}"), source.as_bytes());
        return Ok(json!({"ZipFile": STANDARD.encode(zip)}));
    }
    Ok(Value::Object(picked(&code, &["S3Bucket", "S3Key", "S3ObjectVersion"])))
}

fn code<'a>(properties: &'a Value, member: &str) -> Option<&'a str> {
    text(properties.get("Code")?, member)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_nothing),
        Value::Object(map) => map.values().all(is_nothing),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn made(context: &Context, name: &str) -> Made {
    Made {
        physical_id: name.to_owned(),
        attributes: object(vec![("Arn", json!(function_arn(context, name)))]),
    }
}
