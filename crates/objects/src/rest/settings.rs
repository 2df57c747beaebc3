//! What is set on a bucket, each by a query key of its own.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Response, header};

use super::{
    Call, Payload,
    answer::{build, document, empty},
    bucket::owner_id,
    headers::{ok, refuse_acl},
    operation::Deed,
    xml::{Element, Xml},
};
use crate::{Encryption, ObjectError, Objects, PublicAccessBlock, Settings, Versioning};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    Policy,
    Encryption,
    Versioning,
    Tagging,
    PublicAccessBlock,
    OwnershipControls,
    Acl,
    Cors,
    Lifecycle,
    Website,
    Replication,
    Notification,
    Logging,
    Accelerate,
    RequestPayment,
    ObjectLock,
}

impl Setting {
    pub const ALL: [Self; 16] = [
        Self::Policy,
        Self::Encryption,
        Self::Versioning,
        Self::Tagging,
        Self::PublicAccessBlock,
        Self::OwnershipControls,
        Self::Acl,
        Self::Cors,
        Self::Lifecycle,
        Self::Website,
        Self::Replication,
        Self::Notification,
        Self::Logging,
        Self::Accelerate,
        Self::RequestPayment,
        Self::ObjectLock,
    ];

    pub fn query(self) -> &'static str {
        self.names().0
    }

    /// Deleting is allowed to who may put; a policy alone has an action for it.
    pub fn action(self, deed: Deed) -> &'static str {
        let (_, get, put) = self.names();
        match deed {
            Deed::Get => get,
            Deed::Delete if self == Self::Policy => "s3:DeleteBucketPolicy",
            Deed::Put | Deed::Delete => put,
        }
    }

    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Policy => ("policy", "s3:GetBucketPolicy", "s3:PutBucketPolicy"),
            Self::Encryption => {
                ("encryption", "s3:GetEncryptionConfiguration", "s3:PutEncryptionConfiguration")
            }
            Self::Versioning => ("versioning", "s3:GetBucketVersioning", "s3:PutBucketVersioning"),
            Self::Tagging => ("tagging", "s3:GetBucketTagging", "s3:PutBucketTagging"),
            Self::PublicAccessBlock => {
                ("publicAccessBlock", "s3:GetBucketPublicAccessBlock", "s3:PutBucketPublicAccessBlock")
            }
            Self::OwnershipControls => {
                ("ownershipControls", "s3:GetBucketOwnershipControls", "s3:PutBucketOwnershipControls")
            }
            Self::Acl => ("acl", "s3:GetBucketAcl", "s3:PutBucketAcl"),
            Self::Cors => ("cors", "s3:GetBucketCORS", "s3:PutBucketCORS"),
            Self::Lifecycle => ("lifecycle", "s3:GetLifecycleConfiguration", "s3:PutLifecycleConfiguration"),
            Self::Website => ("website", "s3:GetBucketWebsite", "s3:PutBucketWebsite"),
            Self::Replication => {
                ("replication", "s3:GetReplicationConfiguration", "s3:PutReplicationConfiguration")
            }
            Self::Notification => ("notification", "s3:GetBucketNotification", "s3:PutBucketNotification"),
            Self::Logging => ("logging", "s3:GetBucketLogging", "s3:PutBucketLogging"),
            Self::Accelerate => {
                ("accelerate", "s3:GetAccelerateConfiguration", "s3:PutAccelerateConfiguration")
            }
            Self::RequestPayment => {
                ("requestPayment", "s3:GetBucketRequestPayment", "s3:PutBucketRequestPayment")
            }
            Self::ObjectLock => {
                ("object-lock", "s3:GetBucketObjectLockConfiguration", "s3:PutBucketObjectLockConfiguration")
            }
        }
    }

    /// Those that would have to do something, and here do not.
    fn is_kept(self) -> bool {
        matches!(
            self,
            Self::Policy
                | Self::Encryption
                | Self::Versioning
                | Self::Tagging
                | Self::PublicAccessBlock
                | Self::OwnershipControls
        )
    }
}

pub(super) async fn run(
    call: &Call<'_>,
    objects: &Objects,
    payload: Payload,
    setting: Setting,
    deed: Deed,
) -> Result<Response<Bytes>, ObjectError> {
    match deed {
        Deed::Get => {
            let bucket = objects.head_bucket(call.bucket()).await?;
            if setting == Setting::Policy {
                let policy = bucket.settings.policy.ok_or_else(|| missing(setting))?;
                return build(ok().header(header::CONTENT_TYPE, "application/json"), Bytes::from(policy));
            }
            if setting == Setting::Acl {
                return document(owners_acl(&owner_id(&bucket.owner)));
            }
            document(write(setting, &bucket.settings)?)
        }
        Deed::Put if setting == Setting::Acl => {
            objects.head_bucket(call.bucket()).await?;
            refuse_acl(call)?;
            if payload.content.is_empty() {
                empty(200)
            } else {
                Err(ObjectError::AccessControlListNotSupported)
            }
        }
        Deed::Put if setting.is_kept() => {
            let body = payload.document().await?;
            let change = read(setting, &body)?;
            objects.set_bucket(call.bucket(), |settings| change(settings)).await?;
            empty(if setting == Setting::Policy { 204 } else { 200 })
        }
        Deed::Delete if setting.is_kept() && setting != Setting::Versioning => {
            objects.set_bucket(call.bucket(), |settings| clear(setting, settings)).await?;
            empty(204)
        }
        // What was never there is deleted already.
        Deed::Delete if !setting.is_kept() && setting != Setting::Acl => {
            objects.head_bucket(call.bucket()).await?;
            empty(204)
        }
        Deed::Delete => Err(ObjectError::MethodNotAllowed),
        Deed::Put => Err(ObjectError::NotImplemented(format!("Putting ?{}", setting.query()))),
    }
}

/// How a document changes the settings; read once, applied as often as the commit is tried.
type Change = Box<dyn Fn(&mut Settings) + Send + Sync>;

fn read(setting: Setting, body: &[u8]) -> Result<Change, ObjectError> {
    Ok(match setting {
        Setting::Policy => {
            let policy = std::str::from_utf8(body).map_err(|_| {
                ObjectError::MalformedPolicy(String::from(
                    "Policies must be valid JSON and the first byte must be '{'",
                ))
            })?;
            let policy = policy.to_owned();
            Box::new(move |settings| settings.policy = Some(policy.clone()))
        }
        Setting::Encryption => {
            let rule = read_encryption(&Element::read(body, "ServerSideEncryptionConfiguration")?)?;
            Box::new(move |settings| settings.encryption = Some(rule.clone()))
        }
        Setting::Versioning => {
            let wanted = Element::read(body, "VersioningConfiguration")?;
            let versioning = match wanted.text_of("Status") {
                Some("Enabled") => Versioning::Enabled,
                Some("Suspended") => Versioning::Suspended,
                _ => return Err(ObjectError::MalformedXml),
            };
            if wanted.text_of("MfaDelete") == Some("Enabled") {
                return Err(ObjectError::NotImplemented(String::from("MfaDelete")));
            }
            Box::new(move |settings| settings.versioning = Some(versioning))
        }
        Setting::Tagging => {
            let tags = read_tagging(body)?;
            Box::new(move |settings| settings.tags = tags.clone())
        }
        Setting::PublicAccessBlock => {
            let wanted = Element::read(body, "PublicAccessBlockConfiguration")?;
            let is = |name: &str| {
                wanted.text_of(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"))
            };
            let block = PublicAccessBlock {
                block_public_acls: is("BlockPublicAcls"),
                ignore_public_acls: is("IgnorePublicAcls"),
                block_public_policy: is("BlockPublicPolicy"),
                restrict_public_buckets: is("RestrictPublicBuckets"),
            };
            Box::new(move |settings| settings.public_access_block = Some(block))
        }
        _ => {
            let wanted = Element::read(body, "OwnershipControls")?;
            let rule = wanted.one("Rule").ok_or(ObjectError::MalformedXml)?;
            let ownership = rule.required("ObjectOwnership")?.to_owned();
            Box::new(move |settings| settings.object_ownership = Some(ownership.clone()))
        }
    })
}

fn read_encryption(wanted: &Element) -> Result<Encryption, ObjectError> {
    let rule = wanted.one("Rule").ok_or(ObjectError::MalformedXml)?;
    let default = rule.one("ApplyServerSideEncryptionByDefault").ok_or(ObjectError::MalformedXml)?;
    Ok(Encryption {
        algorithm: default.required("SSEAlgorithm")?.to_owned(),
        kms_key_id: None,
        bucket_key_enabled: rule.text_of("BucketKeyEnabled") == Some("true"),
    })
}

fn clear(setting: Setting, settings: &mut Settings) {
    match setting {
        Setting::Policy => settings.policy = None,
        Setting::Encryption => settings.encryption = None,
        Setting::Tagging => settings.tags.clear(),
        Setting::PublicAccessBlock => settings.public_access_block = None,
        Setting::OwnershipControls => settings.object_ownership = None,
        _ => {}
    }
}

fn write(setting: Setting, settings: &Settings) -> Result<Xml, ObjectError> {
    Ok(match setting {
        Setting::Encryption => {
            let rule = settings.encryption.as_ref().ok_or_else(|| missing(setting))?;
            Xml::document("ServerSideEncryptionConfiguration")
                .open("Rule")
                .open("ApplyServerSideEncryptionByDefault")
                .text("SSEAlgorithm", &rule.algorithm)
                .maybe("KMSMasterKeyID", rule.kms_key_id.as_ref())
                .close()
                .text("BucketKeyEnabled", rule.bucket_key_enabled.to_string())
        }
        Setting::Versioning => Xml::document("VersioningConfiguration")
            .maybe("Status", settings.versioning.map(|versioning| format!("{versioning:?}"))),
        Setting::Tagging if settings.tags.is_empty() => return Err(missing(setting)),
        Setting::Tagging => tagging(&settings.tags),
        Setting::PublicAccessBlock => {
            let block = settings.public_access_block.ok_or_else(|| missing(setting))?;
            Xml::document("PublicAccessBlockConfiguration")
                .text("BlockPublicAcls", block.block_public_acls.to_string())
                .text("IgnorePublicAcls", block.ignore_public_acls.to_string())
                .text("BlockPublicPolicy", block.block_public_policy.to_string())
                .text("RestrictPublicBuckets", block.restrict_public_buckets.to_string())
        }
        Setting::OwnershipControls => {
            let ownership = settings.object_ownership.as_deref().unwrap_or("BucketOwnerEnforced");
            Xml::document("OwnershipControls").open("Rule").text("ObjectOwnership", ownership)
        }
        Setting::Notification => Xml::document("NotificationConfiguration"),
        Setting::Logging => Xml::document("BucketLoggingStatus"),
        Setting::Accelerate => Xml::document("AccelerateConfiguration"),
        Setting::RequestPayment => Xml::document("RequestPaymentConfiguration").text("Payer", "BucketOwner"),
        _ => return Err(missing(setting)),
    })
}

/// Each setting that is not there has an error of its own.
fn missing(setting: Setting) -> ObjectError {
    let (code, message) = match setting {
        Setting::Policy => ("NoSuchBucketPolicy", "The bucket policy does not exist"),
        Setting::Encryption => (
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        ),
        Setting::Tagging => ("NoSuchTagSet", "The TagSet does not exist"),
        Setting::PublicAccessBlock => {
            ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")
        }
        Setting::Cors => ("NoSuchCORSConfiguration", "The CORS configuration does not exist"),
        Setting::Lifecycle => ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
        Setting::Website => {
            ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")
        }
        Setting::Replication => {
            ("ReplicationConfigurationNotFoundError", "The replication configuration was not found")
        }
        _ => (
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        ),
    };
    ObjectError::NoSuchSetting(code, message)
}

pub(super) fn tagging(tags: &BTreeMap<String, String>) -> Xml {
    Xml::document("Tagging")
        .open("TagSet")
        .each(tags, |xml, (key, value)| xml.open("Tag").text("Key", key).text("Value", value).close())
}

pub(super) fn read_tagging(body: &[u8]) -> Result<BTreeMap<String, String>, ObjectError> {
    let wanted = Element::read(body, "Tagging")?;
    read_tags(wanted.one("TagSet").ok_or(ObjectError::MalformedXml)?)
}

pub(super) fn read_tags(set: &Element) -> Result<BTreeMap<String, String>, ObjectError> {
    let mut tags = BTreeMap::new();
    for tag in set.all("Tag") {
        let (key, value) = (tag.required("Key")?.to_owned(), tag.required("Value")?.to_owned());
        if tags.insert(key, value).is_some() {
            return Err(ObjectError::InvalidTag(String::from(
                "Cannot provide multiple Tags with the same key",
            )));
        }
    }
    Ok(tags)
}

/// The owner may do everything, and nobody else stands in it.
pub(super) fn owners_acl(owner: &str) -> Xml {
    let xml = Xml::document("AccessControlPolicy").open("Owner").text("ID", owner).close();
    let grantee = format!(
        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>{owner}</ID></Grantee>"
    );
    xml.open("AccessControlList").open("Grant").raw(&grantee).text("Permission", "FULL_CONTROL")
}
