//! Lambda's API (AWS Lambda API Reference): JSON in, JSON out, with the model's member names.

mod account;
mod aliases;
mod concurrency;
mod configuration;
mod create_function;
mod delete_function;
mod errors;
mod event_invoke_config;
mod get_function;
mod input;
mod invoke;
mod list_functions;
mod permissions;
mod settings;
mod tags;
mod unsupported;
mod update_function_code;
mod update_function_configuration;
mod versions;

use std::sync::Arc;

use base::{AwsError, Caller};
use serde_json::Value;

pub use unsupported::UNSUPPORTED;

use crate::functions::Inner;
use input::read;

impl Inner {
    pub async fn call(
        self: &Arc<Self>,
        operation: &str,
        _caller: &Caller,
        input: Value,
    ) -> Result<Value, AwsError> {
        input::check(operation, &input)?;
        match operation {
            "Invoke" => self.invoke_operation(read(input)?).await,
            "CreateFunction" => self.create_function(read(input)?).await,
            "UpdateFunctionCode" => self.update_function_code(read(input)?).await,
            "UpdateFunctionConfiguration" => self.update_function_configuration(read(input)?).await,
            "GetFunction" => self.get_function(read(input)?).await,
            "GetFunctionConfiguration" => self.get_function_configuration(read(input)?).await,
            "ListFunctions" => self.list_functions(read(input)?).await,
            "DeleteFunction" => self.delete_function(read(input)?).await,
            "PublishVersion" => self.publish_version(read(input)?).await,
            "ListVersionsByFunction" => self.list_versions_by_function(read(input)?).await,
            "CreateAlias" => self.create_alias(read(input)?).await,
            "GetAlias" => self.get_alias(read(input)?).await,
            "UpdateAlias" => self.update_alias(read(input)?).await,
            "DeleteAlias" => self.delete_alias(read(input)?).await,
            "ListAliases" => self.list_aliases(read(input)?).await,
            "AddPermission" => self.add_permission(read(input)?).await,
            "RemovePermission" => self.remove_permission(read(input)?).await,
            "GetPolicy" => self.get_policy(read(input)?).await,
            "PutFunctionConcurrency" => self.put_function_concurrency(read(input)?).await,
            "GetFunctionConcurrency" => self.get_function_concurrency(read(input)?).await,
            "DeleteFunctionConcurrency" => self.delete_function_concurrency(read(input)?).await,
            "PutFunctionEventInvokeConfig" => self.put_event_invoke_config(read(input)?).await,
            "UpdateFunctionEventInvokeConfig" => self.update_event_invoke_config(read(input)?).await,
            "GetFunctionEventInvokeConfig" => self.get_event_invoke_config(read(input)?).await,
            "DeleteFunctionEventInvokeConfig" => self.delete_event_invoke_config(read(input)?).await,
            "ListFunctionEventInvokeConfigs" => self.list_event_invoke_configs(read(input)?).await,
            "TagResource" => self.tag_resource(read(input)?).await,
            "UntagResource" => self.untag_resource(read(input)?).await,
            "ListTags" => self.list_tags(read(input)?).await,
            "GetAccountSettings" => self.get_account_settings().await,
            other => Err(errors::not_implemented(other)),
        }
    }
}
