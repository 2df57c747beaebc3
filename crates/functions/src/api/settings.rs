//! What a function is configured with: read, checked, and refused in Lambda's words.

use std::collections::BTreeMap;

use base::AwsError;
use serde::Deserialize;
use serde_json::Value;

use super::errors::{constraint, interpreter, invalid, service, unsupported};
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
    timeout: Option<i64>,
    memory_size: Option<i64>,
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
    size: i64,
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
        if let Some(handler) = asked.handler {
            settings.handler = checked_handler(handler)?;
        }
        if let Some(description) = asked.description {
            if description.chars().count() > 256 {
                return Err(constraint(
                    description,
                    "description",
                    "Member must have length less than or equal to 256",
                ));
            }
            settings.description = description;
        }
        if let Some(timeout) = asked.timeout {
            settings.timeout_seconds = within(timeout, "timeout", 1, 5400)?;
        }
        if let Some(memory) = asked.memory_size {
            settings.memory_mb = within(memory, "memorySize", 128, 32768)?;
        }
        if let Some(storage) = asked.ephemeral_storage {
            settings.ephemeral_storage_mb = within(storage.size, "ephemeralStorage.size", 512, 32768)?;
        }
        if let Some(mode) = asked.tracing_config.and_then(|tracing| tracing.mode) {
            settings.tracing_mode = one_of(mode, "tracingConfig.mode", &["Active", "PassThrough"])?;
        }
        if let Some(logging) = asked.logging_config {
            apply_logging(&mut settings, logging)?;
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
        let fits = role.strip_prefix("arn:aws:iam::").is_some_and(|rest| {
            rest.split_once(":role/").is_some_and(|(account, name)| {
                account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && !name.is_empty()
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte))
            })
        });
        if !fits {
            let rule = "Member must satisfy regular expression pattern: \
                        arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
            return Err(constraint(role, "role", rule));
        }
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
        for name in variables.keys() {
            let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let mine = RESERVED_VARIABLES.contains(&name.as_str()) || name == "POOLHOUSE_RUNTIME_FD";
            if !mine && (!letters || !name.starts_with(|first: char| first.is_ascii_alphabetic())) {
                let rule = "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: \
                            [a-zA-Z]([a-zA-Z0-9_])+]";
                return Err(constraint("***", "environment.variables", rule));
            }
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

fn apply_logging(settings: &mut Settings, logging: LoggingConfig) -> Result<(), AwsError> {
    const LEVELS: &[&str] = &["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    if let Some(format) = logging.log_format {
        settings.log_format = one_of(format, "loggingConfig.logFormat", &["JSON", "Text"])?;
    }
    if let Some(level) = logging.application_log_level {
        settings.application_log_level = Some(one_of(level, "loggingConfig.applicationLogLevel", LEVELS)?);
    }
    if let Some(level) = logging.system_log_level {
        settings.system_log_level =
            Some(one_of(level, "loggingConfig.systemLogLevel", &["DEBUG", "INFO", "WARN"])?);
    }
    if let Some(group) = logging.log_group {
        let fits = (1..=512).contains(&group.len())
            && group.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-/#".contains(&byte));
        if !fits {
            let rule = "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+";
            return Err(constraint(group, "loggingConfig.logGroup", rule));
        }
        settings.log_group = Some(group);
    }
    Ok(())
}

fn checked_handler(handler: String) -> Result<String, AwsError> {
    if handler.len() > 128 {
        return Err(constraint(handler, "handler", "Member must have length less than or equal to 128"));
    }
    if handler.is_empty() || handler.contains(char::is_whitespace) {
        return Err(constraint(
            handler,
            "handler",
            "Member must satisfy regular expression pattern: [^\\s]+",
        ));
    }
    Ok(handler)
}

fn within(value: i64, member: &str, least: u32, most: u32) -> Result<u32, AwsError> {
    match u32::try_from(value) {
        Ok(value) if (least..=most).contains(&value) => Ok(value),
        _ if value < i64::from(least) => Err(constraint(
            value,
            member,
            &format!("Member must have value greater than or equal to {least}"),
        )),
        _ => Err(constraint(value, member, &format!("Member must have value less than or equal to {most}"))),
    }
}

fn one_of(value: String, member: &str, set: &[&str]) -> Result<String, AwsError> {
    if set.contains(&value.as_str()) {
        return Ok(value);
    }
    Err(constraint(value, member, &format!("Member must satisfy enum value set: [{}]", set.join(", "))))
}
