//! What one room asks for and another has: each a few lines, so that the rooms need not know each other.

use async_trait::async_trait;
use base::{AwsError, Caller};
use crypto::seal::Sealer;
use functions::Functions;
use iam::Iam;
use serde_json::Value;
use stacks::Stacks;
use userpool::UserPools;

use crate::aws::rooms::Room;

#[async_trait]
impl Room for UserPools {
    async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        Self::call(self, operation, caller, input).await
    }
}

#[async_trait]
impl Room for Functions {
    async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        Self::call(self, operation, caller, input).await
    }
}

#[async_trait]
impl Room for Stacks {
    async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        Self::call(self, operation, caller, input).await
    }
}

/// CloudWatch Logs, which the functions room keeps.
pub struct Logs(pub Functions);

#[async_trait]
impl Room for Logs {
    async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        self.0.call_logs(operation, caller, input).await
    }
}

/// STS.
pub struct Sts(pub Iam);

#[async_trait]
impl Room for Sts {
    async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        self.0.call(operation, caller, input).await
    }
}

/// IAM itself.
pub struct Identities(pub Iam);

#[async_trait]
impl Room for Identities {
    async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError> {
        self.0.call_iam(operation, caller, input).await
    }
}

/// The sealer, as functions see it.
pub struct Sealing(pub Sealer);

impl functions::Seal for Sealing {
    fn seal(&self, bound_to: &str, plaintext: &[u8]) -> Result<String, String> {
        self.0.seal(bound_to, plaintext).map_err(|cause| cause.to_string())
    }

    fn open(&self, bound_to: &str, sealed: &str) -> Result<Vec<u8>, String> {
        self.0.open(bound_to, sealed).map(|opened| opened.expose().clone()).map_err(|cause| cause.to_string())
    }
}
