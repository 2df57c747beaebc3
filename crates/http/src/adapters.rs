//! What one room asks for and another has: each a few lines, so that the rooms need not know each other.

use async_trait::async_trait;
use base::{AwsError, Caller, Identity};
use bytes::Bytes;
use crypto::seal::Sealer;
use functions::Functions;
use iam::Iam;
use objects::{ObjectError, Objects};
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

/// The sealer, as functions and stacks see it.
pub struct Sealing(pub Sealer);

impl functions::Seal for Sealing {
    fn seal(&self, bound_to: &str, plaintext: &[u8]) -> Result<String, String> {
        self.0.seal(bound_to, plaintext).map_err(|cause| cause.to_string())
    }

    fn open(&self, bound_to: &str, sealed: &str) -> Result<Vec<u8>, String> {
        self.0.open(bound_to, sealed).map(|opened| opened.expose().clone()).map_err(|cause| cause.to_string())
    }
}

impl stacks::vault::Seal for Sealing {
    fn seal(&self, aad: &str, plaintext: &[u8]) -> Result<String, String> {
        functions::Seal::seal(self, aad, plaintext)
    }

    fn open(&self, aad: &str, sealed: &str) -> Result<Vec<u8>, String> {
        functions::Seal::open(self, aad, sealed)
    }
}

/// Function packages out of buckets.
pub struct Packages(pub Objects);

#[async_trait]
impl functions::CodeSource for Packages {
    async fn read(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Bytes, AwsError> {
        if let Some(version) = version.filter(|version| *version != "null") {
            return Err(AwsError::with_status(
                404,
                "NoSuchVersion",
                format!(
                    "The specified version does not exist: {version} (old versions of objects are not kept)"
                ),
            ));
        }
        let found = self.0.get(bucket, key).await;
        found.map(|(_, content)| content).map_err(in_words)
    }
}

/// Templates out of buckets.
#[async_trait]
impl stacks::templates::Templates for Packages {
    async fn read(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, String> {
        match self.0.get(bucket, key).await {
            Ok((_, content)) => Ok(Some(content)),
            Err(ObjectError::NoSuchKey(_) | ObjectError::NoSuchBucket(_)) => Ok(None),
            Err(other) => Err(other.to_string()),
        }
    }
}

fn in_words(error: ObjectError) -> AwsError {
    AwsError::with_status(error.status(), error.code(), error.to_string())
}

/// IAM, as stacks ask it: the engine acts with the rights of who began.
pub struct Rights(pub Iam);

#[async_trait]
impl stacks::engine::Authority for Rights {
    async fn allows(
        &self,
        principal: &stacks::Principal,
        action: &str,
        resource: &str,
    ) -> Result<(), String> {
        let identity = Identity::Principal {
            account: principal.account.clone(),
            arn: principal.arn.clone(),
            user_id: principal.user_id.clone(),
        };
        let principal = self.0.principal_of(&identity).await.map_err(|error| error.message)?;
        let context = iam::Context::default().with("aws:CalledVia", "cloudformation.amazonaws.com");
        self.0.authorize(&principal, action, resource, &context).await.map_err(|error| error.message)
    }

    async fn role(&self, role_arn: &str) -> Result<stacks::Principal, String> {
        Err(format!("acting as the service role {role_arn} is not built: leave RoleARN out"))
    }
}
