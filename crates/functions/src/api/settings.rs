//! What a function is configured with. Lengths, ranges and patterns were held against the model before; here is what
//! only Lambda itself knows, in its words.

use std::collections::BTreeMap;

use base::AwsError;
use serde::Deserialize;
use serde_json::Value;

use super::errors::{interpreter, invalid, service, unsupported};
use crate::{catalog::variables_are_bound_to, functions::Inner, rows::Settings, workers::RESERVED_VARIABLES};

/// AWS Lambda Developer Guide, "Lambda quotas": all environment variables together, in bytes.
const VARIABLES_LIMIT: usize = 4096;

/// The members that `CreateFunction` and `UpdateFunctionConfiguration` share.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Configuration {
    pub role: Option<String>,
    pub runtime: Option<String>,
    pub handler: Option<String>,
    description: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    tracing_config: Option<TracingConfig>,
    ephemeral_storage: Option<EphemeralStorage>,
    logging_config: Option<LoggingConfig>,
    snap_start: Option<SnapStart>,
    vpc_config: Option<Value>,
    dead_letter_config: Option<Value>,
    layers: Option<Vec<String>>,
    file_system_configs: Option<Vec<Value>>,
    #[serde(rename = "KMSKeyArn")]
    kms_key_arn: Option<String>,
    image_config: Option<Value>,
    durable_config: Option<Value>,
    tenancy_config: Option<Value>,
    capacity_provider_config: Option<Value>,
    accelerator_config: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TracingConfig {
    mode: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct EphemeralStorage {
    size: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LoggingConfig {
    log_format: Option<String>,
    application_log_level: Option<String>,
    system_log_level: Option<String>,
    log_group: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SnapStart {
    apply_on: Option<String>,
}

impl Settings {
    /// What a function has when it is created and says nothing.
    pub fn defaults() -> Self {
        Self {
            role: String::new(),
            runtime: String::new(),
            handler: String::new(),
            description: String::new(),
            timeout_seconds: 3,
            memory_mb: 128,
            environment: None,
            tracing_mode: String::from("PassThrough"),
            architecture: String::from("x86_64"),
            ephemeral_storage_mb: 512,
            log_format: String::from("Text"),
            application_log_level: None,
            system_log_level: None,
            log_group: None,
        }
    }
}

impl Inner {
    /// `settings` with what `asked` changes, everything checked that can be: the runtime runs here, the role can be
    /// assumed.
    pub async fn configured(
        &self,
        function: &str,
        mut settings: Settings,
        asked: Configuration,
    ) -> Result<Settings, AwsError> {
        refuse_what_is_not_here(&asked)?;
        if let Some(runtime) = asked.runtime {
            self.checked_runtime(&runtime).await?;
            settings.runtime = runtime;
        }
        let kept = settings;
        let mut settings = Settings {
            handler: asked.handler.unwrap_or(kept.handler),
            description: asked.description.unwrap_or(kept.description),
            timeout_seconds: asked.timeout.unwrap_or(kept.timeout_seconds),
            memory_mb: asked.memory_size.unwrap_or(kept.memory_mb),
            ephemeral_storage_mb: asked
                .ephemeral_storage
                .map_or(kept.ephemeral_storage_mb, |storage| storage.size),
            tracing_mode: asked.tracing_config.and_then(|tracing| tracing.mode).unwrap_or(kept.tracing_mode),
            ..kept
        };
        if let Some(logging) = asked.logging_config {
            apply_logging(&mut settings, logging);
        }
        if let Some(environment) = asked.environment {
            settings.environment = self.sealed_variables(function, &environment.variables)?;
        }
        if let Some(role) = asked.role
            && role != settings.role
        {
            self.checked_role(&role, function).await?;
            settings.role = role;
        }
        Ok(settings)
    }

    async fn checked_runtime(&self, runtime: &str) -> Result<(), AwsError> {
        self.fleet.around().runtimes.check(runtime).await.map_err(|missing| interpreter(&missing))
    }

    async fn checked_role(&self, role: &str, function: &str) -> Result<(), AwsError> {
        match self.fleet.around().credentials.assume(role, function).await {
            Ok(_) => Ok(()),
            Err(cause) => {
                tracing::info!(role, cause, "a function's role cannot be assumed");
                Err(invalid("The role defined for the function cannot be assumed by Lambda."))
            }
        }
    }

    fn sealed_variables(
        &self,
        function: &str,
        variables: &BTreeMap<String, String>,
    ) -> Result<Option<String>, AwsError> {
        if variables.is_empty() {
            return Ok(None);
        }
        let reserved: Vec<&str> = variables
            .keys()
            .map(String::as_str)
            .filter(|name| RESERVED_VARIABLES.contains(name) || *name == "POOLHOUSE_RUNTIME_FD")
            .collect();
        if !reserved.is_empty() {
            return Err(invalid(format!(
                "Lambda was unable to configure your environment variables because the environment variables you \
                 have provided contains reserved keys that are currently not supported for modification. Reserved \
                 keys used in this request: {}",
                reserved.join(", ")
            )));
        }
        let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
        if size > VARIABLES_LIMIT {
            return Err(invalid(
                "Lambda was unable to configure your environment variables because the environment variables you \
                 have provided exceeded the 4KB limit.",
            ));
        }
        if variables.values().any(|value| value.contains('\0')) {
            return Err(invalid(
                "An environment variable's value contains a character that no process can be given.",
            ));
        }
        let plain = serde_json::to_vec(variables).map_err(service)?;
        self.seal.seal(&variables_are_bound_to(function), &plain).map(Some).map_err(service)
    }
}

/// What would change how a function runs must not be passed over in silence.
fn refuse_what_is_not_here(asked: &Configuration) -> Result<(), AwsError> {
    let set = |value: &Option<Value>, members: &[&str]| {
        value.as_ref().is_some_and(|value| {
            members.iter().any(|member| match value.get(member) {
                Some(Value::Array(list)) => !list.is_empty(),
                Some(Value::String(text)) => !text.is_empty(),
                Some(Value::Null) | None => false,
                Some(_) => true,
            })
        })
    };
    let some = |value: &Option<Value>| value.as_ref().is_some_and(|value| !value.is_null());
    let refused = [
        ("VpcConfig", set(&asked.vpc_config, &["SubnetIds", "SecurityGroupIds"])),
        ("DeadLetterConfig", set(&asked.dead_letter_config, &["TargetArn"])),
        ("Layers", asked.layers.as_ref().is_some_and(|layers| !layers.is_empty())),
        ("FileSystemConfigs", asked.file_system_configs.as_ref().is_some_and(|list| !list.is_empty())),
        ("KMSKeyArn", asked.kms_key_arn.as_ref().is_some_and(|arn| !arn.is_empty())),
        ("ImageConfig", some(&asked.image_config)),
        ("DurableConfig", some(&asked.durable_config)),
        ("TenancyConfig", some(&asked.tenancy_config)),
        ("CapacityProviderConfig", some(&asked.capacity_provider_config)),
        ("AcceleratorConfig", some(&asked.accelerator_config)),
        (
            "SnapStart",
            asked
                .snap_start
                .as_ref()
                .and_then(|snap| snap.apply_on.as_deref())
                .is_some_and(|on| on != "None"),
        ),
    ];
    match refused.iter().find(|(_, asked_for)| *asked_for) {
        Some((what, _)) => Err(unsupported(what)),
        None => Ok(()),
    }
}

fn apply_logging(settings: &mut Settings, logging: LoggingConfig) {
    if let Some(format) = logging.log_format {
        settings.log_format = format;
    }
    for (kept, asked) in [
        (&mut settings.application_log_level, logging.application_log_level),
        (&mut settings.system_log_level, logging.system_log_level),
        (&mut settings.log_group, logging.log_group),
    ] {
        if asked.is_some() {
            *kept = asked;
        }
    }
}
