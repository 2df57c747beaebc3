//! `FunctionConfiguration`, as operations answer it.

use base::AwsError;
use serde_json::{Value, json};

use super::errors::service;
use crate::{
    catalog::open_variables,
    functions::Inner,
    packages::code_sha256,
    reference::LATEST,
    rows::{Code, FunctionRow, Settings, VersionRow},
    time_text,
};

/// What one version shows of itself.
struct Shown<'a> {
    name: &'a str,
    arn: String,
    version: String,
    settings: &'a Settings,
    code: &'a Code,
    revision_id: &'a str,
    last_modified: base::Timestamp,
}

impl Inner {
    /// `$LATEST`. `qualified` puts the qualifier into the ARN, as where it was asked for by name.
    pub fn shown(&self, row: &FunctionRow, qualified: bool) -> Result<Value, AwsError> {
        self.configuration(&Shown {
            name: &row.name,
            arn: self.arn_of(&row.name, qualified.then_some(LATEST)),
            version: LATEST.to_owned(),
            settings: &row.settings,
            code: &row.code,
            revision_id: &row.revision_id,
            last_modified: row.last_modified,
        })
    }

    pub fn shown_version(&self, row: &VersionRow) -> Result<Value, AwsError> {
        let version = row.version.to_string();
        self.configuration(&Shown {
            name: &row.name,
            arn: self.arn_of(&row.name, Some(&version)),
            version,
            settings: &row.settings,
            code: &row.code,
            revision_id: &row.revision_id,
            last_modified: row.last_modified,
        })
    }

    fn configuration(&self, shown: &Shown<'_>) -> Result<Value, AwsError> {
        let Settings {
            role,
            runtime,
            handler,
            description,
            timeout_seconds,
            memory_mb,
            environment,
            tracing_mode,
            architecture,
            ephemeral_storage_mb,
            log_format,
            application_log_level,
            system_log_level,
            log_group,
        } = shown.settings;
        let log_group = log_group.clone().unwrap_or_else(|| format!("/aws/lambda/{}", shown.name));
        let mut logging = json!({ "LogFormat": log_format, "LogGroup": log_group });
        for (member, level) in
            [("ApplicationLogLevel", application_log_level), ("SystemLogLevel", system_log_level)]
        {
            if let Some(level) = level {
                logging[member] = json!(level);
            }
        }
        let mut answer = json!({
            "FunctionName": shown.name,
            "FunctionArn": shown.arn,
            "Runtime": runtime,
            "Role": role,
            "Handler": handler,
            "CodeSize": shown.code.size,
            "Description": description,
            "Timeout": timeout_seconds,
            "MemorySize": memory_mb,
            "LastModified": time_text::last_modified(shown.last_modified),
            "CodeSha256": code_sha256(&shown.code.sha256),
            "Version": shown.version,
            "TracingConfig": { "Mode": tracing_mode },
            "RevisionId": shown.revision_id,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "Architectures": [architecture],
            "EphemeralStorage": { "Size": ephemeral_storage_mb },
            "SnapStart": { "ApplyOn": "None", "OptimizationStatus": "Off" },
            "LoggingConfig": logging,
        });
        if environment.is_some() {
            let variables =
                open_variables(&*self.seal, shown.name, environment.as_deref()).map_err(service)?;
            answer["Environment"] = json!({ "Variables": variables });
        }
        Ok(answer)
    }
}
