//! Reserved concurrency.

use base::AwsError;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Batch;

use super::errors::Trouble;
use crate::functions::Inner;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutFunctionConcurrency {
    function_name: String,
    reserved_concurrent_executions: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionName {
    function_name: String,
}

impl Inner {
    pub async fn put_function_concurrency(&self, input: PutFunctionConcurrency) -> Result<Value, AwsError> {
        let reserved = input.reserved_concurrent_executions;
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
