//! Whether there is anything to deploy: the same template but for what each run writes anew, the same packages by
//! their hashes, the same tags and parameters.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    REPLACE_TAG,
    bundle::{Bundle, code_keys},
};
use crate::{
    aws::{
        AwsFailure, Client,
        cloudformation::{self, Revision, Stack},
        s3,
    },
    failure::Failure,
};

pub async fn nothing_changed(
    client: &Client,
    bundle: &Bundle,
    stack: &Stack,
    revision: &Revision,
    bucket: &str,
) -> Result<bool, Failure> {
    if !matches!(stack.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE") {
        return Ok(false);
    }
    // What one update was allowed to replace says nothing of what is deployed.
    let own = |tags: &BTreeMap<String, String>| -> Vec<(String, String)> {
        let own = tags.iter().filter(|(key, _)| !key.starts_with("aws:") && *key != REPLACE_TAG);
        own.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let same_words = own(&stack.tags) == own(&revision.tags)
        && revision.parameters.iter().all(|(key, value)| stack.parameters.get(key) == Some(value));
    if !same_words {
        return Ok(false);
    }
    let current = cloudformation::get_template(client, &bundle.stack_name).await?;
    let Ok(current) = serde_json::from_str::<Value>(&current) else { return Ok(false) };
    if normalized(&current) != normalized(&bundle.template_update) {
        return Ok(false);
    }
    Ok(same_code(client, bundle, &current, bucket).await?)
}

async fn same_code(
    client: &Client,
    bundle: &Bundle,
    current: &Value,
    bucket: &str,
) -> Result<bool, AwsFailure> {
    let deployed = code_keys(current);
    let mut checked: Vec<(String, String)> = Vec::new();
    for (id, key) in code_keys(&bundle.template_update) {
        let name = key.rsplit('/').next().unwrap_or(&key);
        let artifact = bundle.artifacts.iter().find(|artifact| artifact.file_name == name);
        let (Some(artifact), Some(there)) = (artifact, deployed.get(&id)) else { return Ok(false) };
        let pair = (there.clone(), artifact.sha256.clone());
        if checked.contains(&pair) {
            continue;
        }
        if s3::hash(client, bucket, there).await?.as_ref() != Some(&artifact.sha256) {
            return Ok(false);
        }
        checked.push(pair);
    }
    Ok(true)
}

/// Without what names this one deployment: the deployment of the API, the folder of the packages.
fn normalized(template: &Value) -> Value {
    let mut template = template.clone();
    let mut instance = None;
    if let Some(resources) = template["Resources"].as_object_mut() {
        for (id, resource) in resources.iter_mut() {
            if resource["Type"] == "AWS::ApiGateway::Deployment"
                && let Some(digits) = id.strip_prefix("ApiGatewayDeployment")
                && !digits.is_empty()
                && digits.bytes().all(|byte| byte.is_ascii_digit())
            {
                instance = Some(digits.to_owned());
            }
            if resource["Type"] == "AWS::Lambda::Function"
                && resource["Properties"]["Code"]["S3Key"].is_string()
            {
                resource["Properties"]["Code"]["S3Key"] = json!("");
            }
        }
    }
    match instance {
        // `${sls:instanceId}` may stand anywhere.
        Some(digits) => serde_json::from_str(&template.to_string().replace(&digits, "")).unwrap_or(template),
        None => template,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(instance: &str, memory: u32) -> Value {
        json!({"Resources": {
            format!("ApiGatewayDeployment{instance}"): {"Type": "AWS::ApiGateway::Deployment", "DependsOn": ["M"]},
            "F": {"Type": "AWS::Lambda::Function", "Properties": {
                "MemorySize": memory, "Code": {"S3Key": format!("serverless/s/dev/{instance}-x/s.zip")},
                "Environment": {"Variables": {"AT": instance}}
            }}
        }})
    }

    #[test]
    fn only_what_each_run_writes_anew_is_left_out() {
        assert_eq!(normalized(&template("1700000000000", 128)), normalized(&template("1800000000000", 128)));
        assert_ne!(normalized(&template("1700000000000", 128)), normalized(&template("1800000000000", 256)));
    }
}
