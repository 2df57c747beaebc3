//! Amazon S3, on the `objects` room.

mod bucket;
mod bucket_policy;

use std::sync::Arc;

use base::AwsError;
use objects::{ObjectError, Objects};

use super::{Failure, Registry};

pub const SERVICE: &str = "S3";

pub fn register(registry: &mut Registry, objects: &Objects) {
    registry.add(Arc::new(bucket::Bucket { objects: objects.clone() }));
    registry.add(Arc::new(bucket_policy::BucketPolicy { objects: objects.clone() }));
}

fn failed(error: ObjectError) -> Failure {
    Failure::from_aws(SERVICE, AwsError::from(error))
}
