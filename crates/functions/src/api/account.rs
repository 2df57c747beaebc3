//! `GetAccountSettings`: what this server's limits are.

use base::AwsError;
use serde_json::{Value, json};

use super::errors::Trouble;
use crate::{functions::Inner, packages::UNZIPPED_LIMIT, rows::FunctionRow};

impl Inner {
    pub async fn get_account_settings(&self) -> Result<Value, AwsError> {
        let functions = self.store.scan::<FunctionRow>().await.map_err(Trouble::from)?;
        let size: u64 = functions.iter().map(|function| function.value.code.size).sum();
        let reserved: u64 =
            functions.iter().filter_map(|function| function.value.reserved_concurrency).map(u64::from).sum();
        let workers = self.config.max_workers as u64;
        Ok(json!({
            "AccountLimit": {
                "TotalCodeSize": 80_530_636_800_u64,
                "CodeSizeUnzipped": UNZIPPED_LIMIT,
                "CodeSizeZipped": 52_428_800,
                "ConcurrentExecutions": workers,
                "UnreservedConcurrentExecutions": workers.saturating_sub(reserved),
            },
            "AccountUsage": { "TotalCodeSize": size, "FunctionCount": functions.len() },
        }))
    }
}
