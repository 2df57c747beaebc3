//! `AWS::S3::BucketPolicy`. `Ref`: the bucket's name.

use async_trait::async_trait;
use objects::Objects;
use serde_json::{Map, Value};

use super::{SERVICE, failed};
use crate::resources::{
    Context, Deed, Failure, Made, Permit, ResourceType,
    properties::{required, text},
};

pub struct BucketPolicy {
    pub objects: Objects,
}

#[async_trait]
impl ResourceType for BucketPolicy {
    fn name(&self) -> &'static str {
        "AWS::S3::BucketPolicy"
    }

    fn permits(&self, deed: Deed, _context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let bucket = text(properties, "Bucket").unwrap_or(physical_id);
        let action = if deed == Deed::Delete { "s3:DeleteBucketPolicy" } else { "s3:PutBucketPolicy" };
        vec![Permit::new(action, format!("arn:aws:s3:::{bucket}"))]
    }

    async fn create(&self, _context: &Context, properties: &Value) -> Result<Made, Failure> {
        let bucket = required(SERVICE, properties, "Bucket")?;
        let policy = document(properties);
        self.objects
            .set_bucket(bucket, |settings| settings.policy.clone_from(&policy))
            .await
            .map_err(failed)?;
        Ok(Made { physical_id: bucket.to_owned(), attributes: Map::new() })
    }

    async fn update(
        &self,
        context: &Context,
        _physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        self.create(context, new).await
    }

    async fn delete(
        &self,
        _context: &Context,
        physical_id: &str,
        _properties: &Value,
    ) -> Result<(), Failure> {
        self.objects.set_bucket(physical_id, |settings| settings.policy = None).await.map_err(failed)
    }
}

fn document(properties: &Value) -> Option<String> {
    properties
        .get("PolicyDocument")
        .map(|policy| policy.as_str().map_or_else(|| policy.to_string(), str::to_owned))
}
