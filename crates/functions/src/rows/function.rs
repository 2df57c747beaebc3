//! A function (`$LATEST`) and its published versions.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

/// The one key of a function's own row.
pub const LATEST_KEY: &str = "$LATEST";

/// What `UpdateFunctionConfiguration` changes and a version freezes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub role: String,
    pub runtime: String,
    pub handler: String,
    pub description: String,
    pub timeout_seconds: u32,
    pub memory_mb: u32,
    /// A JSON object of names and values, sealed; bound to the function's name.
    pub environment: Option<String>,
    pub tracing_mode: String,
    pub architecture: String,
    pub ephemeral_storage_mb: u32,
    pub log_format: String,
    pub application_log_level: Option<String>,
    pub system_log_level: Option<String>,
    /// Where it is not `/aws/lambda/<name>`.
    pub log_group: Option<String>,
}

/// The deployment package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// SHA-256 of the zip, lower-case hexadecimal.
    pub sha256: String,
    /// Bytes of the zip.
    pub size: u64,
    /// What holds its blob in the store for this row: never used again, so that letting go of one package can never
    /// let go of the same bytes deployed anew.
    pub holder: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FunctionRow {
    pub name: String,
    pub settings: Settings,
    pub code: Code,
    pub revision_id: String,
    /// New with every change that a running worker would have to see: code or settings.
    pub generation: String,
    pub last_modified: Timestamp,
    /// The number of the version published last; 0 before the first.
    pub last_version: u64,
    pub reserved_concurrency: Option<u32>,
    pub tags: BTreeMap<String, String>,
}

impl Collection for FunctionRow {
    const NAME: &'static str = "lambda_function";

    fn partition(&self) -> &str {
        &self.name
    }

    fn key(&self) -> String {
        LATEST_KEY.to_owned()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct VersionRow {
    pub name: String,
    pub version: u64,
    pub settings: Settings,
    pub code: Code,
    pub revision_id: String,
    /// The function's generation when this was published: the same one is not published twice.
    pub generation: String,
    pub last_modified: Timestamp,
}

impl Collection for VersionRow {
    const NAME: &'static str = "lambda_version";

    fn partition(&self) -> &str {
        &self.name
    }

    fn key(&self) -> String {
        version_key(self.version)
    }
}

/// Padded, so that versions are listed in their order.
pub fn version_key(version: u64) -> String {
    format!("{version:020}")
}
