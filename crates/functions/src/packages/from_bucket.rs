//! Code out of a bucket: the S3 room as a source of packages.

use async_trait::async_trait;
use base::AwsError;
use bytes::Bytes;
use objects::Objects;

use crate::parts::CodeSource;

#[async_trait]
impl CodeSource for Objects {
    async fn read(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Bytes, AwsError> {
        if version.is_some_and(|version| version != "null") {
            return Err(AwsError::client("NoSuchVersion", "The specified version does not exist."));
        }
        let (_, content) = self.get(bucket, key).await?;
        Ok(content)
    }
}
