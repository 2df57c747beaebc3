//! `CreateFunction`.

use std::{collections::BTreeMap, sync::Arc};

use base::AwsError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use store::{Batch, CommitError};

use super::{
    errors::{Trouble, conflict, invalid, package, unsupported},
    settings::Configuration,
    tags::checked_tags,
};
use crate::{
    functions::Inner,
    invoke::uuid,
    reference::LATEST,
    rows::{Code, FunctionRow, LATEST_KEY, Settings},
};

/// AWS Lambda Developer Guide, "Lambda quotas": a package in the request itself, and one out of a bucket.
const UPLOAD_LIMIT: usize = 52_428_800;
const BUCKET_LIMIT: usize = 262_144_000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateFunction {
    function_name: String,
    code: FunctionCode,
    #[serde(default)]
    publish: bool,
    package_type: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    architectures: Option<Vec<String>>,
    code_signing_config_arn: Option<String>,
    #[serde(flatten)]
    configuration: Configuration,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionCode {
    pub zip_file: Option<String>,
    #[serde(rename = "S3Bucket")]
    pub s3_bucket: Option<String>,
    #[serde(rename = "S3Key")]
    pub s3_key: Option<String>,
    #[serde(rename = "S3ObjectVersion")]
    pub s3_object_version: Option<String>,
    pub image_uri: Option<String>,
}

impl Inner {
    pub async fn create_function(self: &Arc<Self>, input: CreateFunction) -> Result<Value, AwsError> {
        let named = self.named(&input.function_name, None)?;
        if named.qualifier.is_some() {
            return Err(invalid("A function is created without a version or alias behind its name."));
        }
        let name = named.name;
        if input.package_type.as_deref().is_some_and(|kind| kind != "Zip") {
            return Err(unsupported("PackageType Image"));
        }
        if input.code_signing_config_arn.is_some() {
            return Err(unsupported("CodeSigningConfigArn"));
        }
        checked_tags(&input.tags)?;
        let asked = input.configuration;
        if asked.runtime.is_none() || asked.handler.is_none() {
            return Err(invalid(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            ));
        }
        if self.store.get::<FunctionRow>(&name, LATEST_KEY).await.map_err(Trouble::from)?.is_some() {
            return Err(conflict(format!("Function already exist: {name}")));
        }
        let mut settings = self.configured(&name, Settings::defaults(), asked).await?;
        // Code runs on this machine's processor, whatever the function asks for; what it asks for means something to AWS.
        if let Some(architecture) = input.architectures.and_then(|asked| asked.into_iter().next()) {
            settings.architecture = architecture;
        }
        let generation = uuid(&*self.rng);
        let code = self.admit(holder(&name, LATEST, &generation), input.code).await?;
        let row = FunctionRow {
            name: name.clone(),
            settings,
            code,
            revision_id: uuid(&*self.rng),
            generation,
            last_modified: self.clock.now(),
            last_version: 0,
            reserved_concurrency: None,
            tags: input.tags,
        };
        let batch = Batch::new().insert(&row).hold_blob(&row.code.sha256, &row.code.holder);
        self.store.commit(batch).await.map_err(|cause| match cause {
            CommitError::Conflict(_) => conflict(format!("Function already exist: {name}")),
            other => Trouble::from(other).into(),
        })?;
        self.catalog.forget(&name);
        let runtime = &row.settings.runtime;
        if is_old(runtime) {
            tracing::warn!(
                function = name,
                runtime,
                "AWS no longer runs this runtime; it runs on the installed one here"
            );
        }
        if input.publish {
            self.publish(&name, None, None, None, false).await
        } else {
            self.shown(&row, false)
        }
    }

    /// The package that `code` names: fetched, checked, and put where the next commit can hold it.
    pub async fn admit(&self, holder: String, code: FunctionCode) -> Result<Code, AwsError> {
        let zip = self.code_bytes(code).await?;
        self.fleet.around().packages.admit(zip, holder).await.map_err(package)
    }

    async fn code_bytes(&self, code: FunctionCode) -> Result<Bytes, AwsError> {
        if code.image_uri.is_some() {
            return Err(unsupported("ImageUri"));
        }
        let bytes = match (code.zip_file, code.s3_bucket, code.s3_key) {
            (Some(encoded), None, None) => {
                let bytes = STANDARD.decode(encoded).map_err(|_| {
                    invalid(
                        "Could not unzip uploaded file. Please check your file, then try to upload again.",
                    )
                })?;
                if bytes.len() > UPLOAD_LIMIT {
                    return Err(AwsError::with_status(
                        413,
                        "RequestTooLargeException",
                        "Request must be smaller than 70167211 bytes for the CreateFunction operation",
                    ));
                }
                Bytes::from(bytes)
            }
            (None, Some(bucket), Some(key)) => {
                let version = code.s3_object_version.as_deref();
                self.code.read(&bucket, &key, version).await.map_err(|error| {
                    invalid(format!(
                        "Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                        error.code, error.message
                    ))
                })?
            }
            _ => return Err(invalid("Please provide a source for function code.")),
        };
        if bytes.len() > BUCKET_LIMIT {
            return Err(invalid(format!("Zipped size must be smaller than {BUCKET_LIMIT} bytes")));
        }
        Ok(bytes)
    }
}

/// What holds a package's bytes: one version of one life of a function.
pub fn holder(name: &str, version: &str, generation: &str) -> String {
    format!("function/{name}/{version}/{generation}")
}

fn is_old(runtime: &str) -> bool {
    matches!(
        runtime,
        "nodejs"
            | "nodejs4.3"
            | "nodejs4.3-edge"
            | "nodejs6.10"
            | "nodejs8.10"
            | "nodejs10.x"
            | "nodejs12.x"
            | "nodejs14.x"
            | "nodejs16.x"
            | "nodejs18.x"
            | "python2.7"
            | "python3.6"
            | "python3.7"
            | "python3.8"
            | "python3.9"
    )
}
