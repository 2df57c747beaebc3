//! Reserved concurrency.

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Batch;

use super::errors::{Trouble, constraint};
use crate::functions::Inner;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutFunctionConcurrency {
    function_name: String,
    reserved_concurrent_executions: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionName {
    function_name: String,
}

impl Inner {
    pub async fn put_function_concurrency(&self, input: PutFunctionConcurrency) -> Result<Value, AwsError> {
        let asked = input.reserved_concurrent_executions;
        let reserved = u32::try_from(asked).map_err(|_| {
            let rule = "Member must have value greater than or equal to 0";
            constraint(asked, "reservedConcurrentExecutions", rule)
        })?;
        self.reserve(&input.function_name, Some(reserved)).await?;
        Ok(json!({ "ReservedConcurrentExecutions": reserved }))
    }

    pub async fn get_function_concurrency(&self, input: FunctionName) -> Result<Value, AwsError> {
        let row = self.function(&self.unqualified(&input.function_name)?).await?.value;
        Ok(match row.reserved_concurrency {
            Some(reserved) => json!({ "ReservedConcurrentExecutions": reserved }),
            None => json!({}),
        })
    }

    pub async fn delete_function_concurrency(&self, input: FunctionName) -> Result<Value, AwsError> {
        self.reserve(&input.function_name, None).await?;
        Ok(json!({}))
    }

    async fn reserve(&self, name: &str, reserved: Option<u32>) -> Result<(), AwsError> {
        let name = self.unqualified(name)?;
        let decided: Result<(), Trouble> = self
            .store
            .decide(async || {
                let read = self.function(&name).await?;
                let mut row = read.value.clone();
                row.reserved_concurrency = reserved;
                Ok((Batch::new().replace(&read, &row), ()))
            })
            .await;
        decided?;
        self.catalog.forget(&name);
        Ok(())
    }
}
