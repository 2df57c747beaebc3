//! `AWS::S3::Bucket` (AWS CloudFormation Template Reference). `Ref`: the bucket's name.

use async_trait::async_trait;
use objects::{Encryption, Objects, PublicAccessBlock, Settings, Versioning};
use serde_json::{Value, json};

use super::{SERVICE, failed};
use crate::{
    resources::{
        Context, Deed, Failure, Form, Made, Naming, Permit, ResourceType,
        properties::{all_tags, is_ours, name, object, refuse, refuse_others, tag_list, text},
    },
    schema::Complaint,
};

pub struct Bucket {
    pub objects: Objects,
}

const SUPPORTED: [&str; 7] = [
    "AccessControl",
    "BucketEncryption",
    "BucketName",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
];

#[async_trait]
impl ResourceType for Bucket {
    fn name(&self) -> &'static str {
        "AWS::S3::Bucket"
    }

    fn naming(&self) -> Option<Naming> {
        Some(Naming { property: Some("BucketName"), form: Form::Name { longest: 63, lower_case: true } })
    }

    fn takes_tags(&self) -> bool {
        true
    }

    fn refuses(&self, properties: &Value) -> Vec<Complaint> {
        let mut complaints = refuse_others(properties, &SUPPORTED);
        if text(properties, "AccessControl")
            .is_some_and(|acl| acl != "Private" && acl != "BucketOwnerFullControl")
        {
            complaints.push(refuse(
                &["AccessControl"],
                "access control lists are not supported; give a bucket policy",
            ));
        }
        complaints
    }

    fn permits(&self, deed: Deed, context: &Context, physical_id: &str, properties: &Value) -> Vec<Permit> {
        let given = text(properties, "BucketName").or(context.name.as_deref()).unwrap_or(physical_id);
        let arn = format!("arn:aws:s3:::{given}");
        match deed {
            Deed::Create => vec![Permit::new("s3:CreateBucket", arn)],
            Deed::Delete => vec![Permit::new("s3:DeleteBucket", format!("arn:aws:s3:::{physical_id}"))],
            Deed::Update => [
                "s3:PutEncryptionConfiguration",
                "s3:PutBucketVersioning",
                "s3:PutBucketPublicAccessBlock",
                "s3:PutBucketOwnershipControls",
                "s3:PutBucketTagging",
            ]
            .map(|action| Permit::new(action, arn.clone()))
            .to_vec(),
        }
    }

    async fn create(&self, context: &Context, properties: &Value) -> Result<Made, Failure> {
        let name = name(SERVICE, context, properties, "BucketName")?;
        let made =
            self.objects.create_bucket(name, &context.account, settings(context, properties, None)).await;
        if let Err(error) = made {
            let there = if context.resumed { self.objects.head_bucket(name).await.ok() } else { None };
            match there {
                Some(bucket) if is_ours(context, &bucket.settings.tags) => {}
                _ => return Err(failed(error)),
            }
        }
        Ok(self.made(name))
    }

    async fn update(
        &self,
        context: &Context,
        physical_id: &str,
        _old: &Value,
        new: &Value,
    ) -> Result<Made, Failure> {
        // The policy belongs to `AWS::S3::BucketPolicy` and to whoever put one.
        let change = |now: &mut Settings| *now = settings(context, new, now.policy.clone());
        self.objects.set_bucket(physical_id, change).await.map_err(failed)?;
        Ok(self.made(physical_id))
    }

    async fn delete(
        &self,
        _context: &Context,
        physical_id: &str,
        _properties: &Value,
    ) -> Result<(), Failure> {
        self.objects.delete_bucket(physical_id).await.map_err(failed)
    }
}

impl Bucket {
    fn made(&self, name: &str) -> Made {
        let region = self.objects.region();
        let attributes = object(vec![
            ("Arn", json!(format!("arn:aws:s3:::{name}"))),
            ("DomainName", json!(format!("{name}.s3.amazonaws.com"))),
            ("DualStackDomainName", json!(format!("{name}.s3.dualstack.{region}.amazonaws.com"))),
            ("RegionalDomainName", json!(format!("{name}.s3.{region}.amazonaws.com"))),
            ("WebsiteURL", json!(format!("http://{name}.s3-website-{region}.amazonaws.com"))),
        ]);
        Made { physical_id: name.to_owned(), attributes }
    }
}

fn settings(context: &Context, properties: &Value, policy: Option<String>) -> Settings {
    let rule = properties
        .pointer("/BucketEncryption/ServerSideEncryptionConfiguration/0")
        .and_then(|rule| Some((rule.get("ServerSideEncryptionByDefault")?, rule.get("BucketKeyEnabled"))));
    let block = properties.get("PublicAccessBlockConfiguration").map(|block| {
        let set = |name: &str| block.get(name).and_then(Value::as_bool).unwrap_or(false);
        PublicAccessBlock {
            block_public_acls: set("BlockPublicAcls"),
            ignore_public_acls: set("IgnorePublicAcls"),
            block_public_policy: set("BlockPublicPolicy"),
            restrict_public_buckets: set("RestrictPublicBuckets"),
        }
    });
    let versioning = properties.pointer("/VersioningConfiguration/Status").and_then(Value::as_str);
    Settings {
        policy,
        encryption: rule.map(|(default, bucket_key)| Encryption {
            algorithm: text(default, "SSEAlgorithm").unwrap_or("AES256").to_owned(),
            kms_key_id: text(default, "KMSMasterKeyID").map(str::to_owned),
            bucket_key_enabled: bucket_key.and_then(Value::as_bool).unwrap_or(false),
        }),
        versioning: match versioning {
            Some("Enabled") => Some(Versioning::Enabled),
            Some(_) => Some(Versioning::Suspended),
            None => None,
        },
        public_access_block: block,
        tags: all_tags(context, tag_list(properties, "Tags")),
        object_ownership: properties
            .pointer("/OwnershipControls/Rules/0/ObjectOwnership")
            .and_then(Value::as_str)
            .map(str::to_owned),
    }
}
