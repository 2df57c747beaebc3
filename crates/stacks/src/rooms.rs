//! What the engine asks of the other rooms, beside their resources: rights, sealing, templates.

use async_trait::async_trait;
use base::{AwsError, Identity};
use bytes::Bytes;
use crypto::seal::Sealer;
use iam::Iam;
use objects::{ObjectError, Objects};

use crate::{engine::Authority, rows::Principal, templates::Templates, vault::Seal};

/// The service that takes service roles on.
const CLOUDFORMATION: &str = "cloudformation.amazonaws.com";
const SESSION: &str = "AWSCloudFormation";

#[async_trait]
impl Authority for Iam {
    async fn allows(&self, principal: &Principal, action: &str, resource: &str) -> Result<(), String> {
        let Principal { account, arn, user_id } = principal.clone();
        let said = |error: AwsError| error.message;
        let recalled =
            self.principal_of(&Identity::Principal { account, arn, user_id }).await.map_err(said)?;
        let context = iam::Context::default().with("aws:CalledViaFirst", CLOUDFORMATION);
        self.authorize(&recalled, action, resource, &context).await.map_err(said)
    }

    async fn role(&self, role_arn: &str) -> Result<Principal, String> {
        let taken = self.taken_on(role_arn, CLOUDFORMATION, SESSION).await?;
        Ok(Principal { account: taken.account, arn: taken.arn, user_id: taken.user_id })
    }
}

impl Seal for Sealer {
    fn seal(&self, aad: &str, plaintext: &[u8]) -> Result<String, String> {
        Self::seal(self, aad, plaintext).map_err(|cause| cause.to_string())
    }

    fn open(&self, aad: &str, sealed: &str) -> Result<Vec<u8>, String> {
        Self::open(self, aad, sealed).map(|opened| opened.expose().clone()).map_err(|cause| cause.to_string())
    }
}

#[async_trait]
impl Templates for Objects {
    async fn read(&self, bucket: &str, key: &str) -> Result<Option<Bytes>, String> {
        match self.get(bucket, key).await {
            Ok((_, content)) => Ok(Some(content)),
            Err(ObjectError::NoSuchKey(_) | ObjectError::NoSuchBucket(_)) => Ok(None),
            Err(cause) => Err(cause.to_string()),
        }
    }
}
