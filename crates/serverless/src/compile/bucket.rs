//! The bucket that deployments go to.

use serde_json::{Value as Json, json};

use super::template::{Template, join, reference, tags};
use crate::{node::Node, service::Service};

const BUCKET: &str = "ServerlessDeploymentBucket";

/// The template of a stack with nothing in it yet.
pub fn template(service: &Service) -> Template {
    let mut template = Template::default();
    if let Some(name) = service.deployment_bucket() {
        template.output("ServerlessDeploymentBucketName", json!({"Value": name}));
        return template;
    }
    let settings = service.provider.get("deploymentBucket");
    let set = |key: &str| settings.and_then(|node| node.get(key)).is_some_and(Node::is_truthy);
    let mut properties = json!({
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        }
    });
    if let Some(Json::Object(members)) = settings.and_then(|node| node.get("tags")).map(Node::to_json)
        && !members.is_empty()
    {
        properties["Tags"] = tags(&members);
    }
    if set("blockPublicAccess") {
        properties["PublicAccessBlockConfiguration"] = json!({
            "BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true
        });
    }
    if set("versioning") {
        properties["VersioningConfiguration"] = json!({"Status": "Enabled"});
    }
    let place = settings.map_or(service.provider.place, |node| node.place);
    template.set(BUCKET, place, json!({"Type": "AWS::S3::Bucket", "Properties": properties}));
    if !set("skipPolicySetup") {
        template.set("ServerlessDeploymentBucketPolicy", place, policy());
    }
    template.output("ServerlessDeploymentBucketName", json!({"Value": reference(BUCKET)}));
    template
}

fn policy() -> Json {
    let arn = |tail: &[&str]| {
        let mut parts = vec![json!("arn:"), reference("AWS::Partition"), json!(":s3:::"), reference(BUCKET)];
        parts.extend(tail.iter().map(|part| json!(part)));
        join(Json::Array(parts))
    };
    json!({
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": reference(BUCKET),
            "PolicyDocument": {"Statement": [{
                "Action": "s3:*",
                "Effect": "Deny",
                "Principal": "*",
                "Resource": [arn(&["/*"]), arn(&[])],
                "Condition": {"Bool": {"aws:SecureTransport": false}}
            }]}
        }
    })
}
