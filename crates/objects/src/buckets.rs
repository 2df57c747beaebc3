//! Buckets: made, found, set up, deleted.

use std::collections::BTreeMap;

use base::Timestamp;
use ports::RngExt;
use serde::{Deserialize, Serialize};
use store::{Batch, CommitError, Query, Versioned};

use crate::{
    ObjectError, Objects, names,
    rows::{BUCKETS, BucketRow, ObjectRow, UploadRow},
};

/// How long a bucket that is looked through for deletion takes nothing in, should the one who looks not come back.
const CLOSED_MILLIS: i64 = 10_000;
/// Amazon S3 API Reference, "PutBucketTagging".
const MOST_TAGS: usize = 50;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// The account that made it.
    pub owner: String,
    pub created_at: Timestamp,
    pub settings: Settings,
}

/// What is set on a bucket, each by an operation of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// JSON, as it was put. The front door has it evaluated.
    pub policy: Option<String>,
    pub encryption: Option<Encryption>,
    pub versioning: Option<Versioning>,
    pub public_access_block: Option<PublicAccessBlock>,
    pub tags: BTreeMap<String, String>,
    /// `BucketOwnerEnforced`, which is what a bucket has from the start; the others are not implemented.
    pub object_ownership: Option<String>,
}

/// "ServerSideEncryptionRule". Noted and returned; see the crate's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    /// `AES256`; keys of AWS KMS are not implemented.
    pub algorithm: String,
    pub kms_key_id: Option<String>,
    pub bucket_key_enabled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    Enabled,
    Suspended,
}

/// "PublicAccessBlockConfiguration".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAccessBlock {
    pub block_public_acls: bool,
    pub ignore_public_acls: bool,
    pub block_public_policy: bool,
    pub restrict_public_buckets: bool,
}

impl Objects {
    /// `BucketAlreadyOwnedByYou` where the account has it, `BucketAlreadyExists` where another does.
    pub async fn create_bucket(
        &self,
        name: &str,
        account: &str,
        settings: Settings,
    ) -> Result<(), ObjectError> {
        names::check_bucket(name)?;
        check_settings(&settings)?;
        let bucket = BucketRow {
            name: name.to_owned(),
            id: self.rng().uuid(),
            owner: account.to_owned(),
            created_at: self.now(),
            settings,
            closed_until: None,
        };
        match self.store().commit(Batch::new().insert(&bucket)).await {
            Err(CommitError::Conflict(_)) => match self.bucket(name).await? {
                there if there.value.owner == account => {
                    Err(ObjectError::BucketAlreadyOwnedByYou(name.to_owned()))
                }
                _ => Err(ObjectError::BucketAlreadyExists(name.to_owned())),
            },
            outcome => outcome.map_err(ObjectError::from),
        }
    }

    pub async fn head_bucket(&self, name: &str) -> Result<Bucket, ObjectError> {
        Ok(seen(self.bucket(name).await?.value))
    }

    /// In the order of their names; the second is where to go on.
    pub async fn list_buckets(
        &self,
        prefix: &str,
        after: Option<base::PageToken>,
        limit: usize,
    ) -> Result<(Vec<Bucket>, Option<base::PageToken>), ObjectError> {
        let all = Query::<BucketRow>::in_partition(BUCKETS).starts_with(prefix).limit(limit).after(after);
        let page = self.store().query(all).await?;
        Ok((page.rows.into_iter().map(|row| seen(row.value)).collect(), page.next))
    }

    /// Only when it is empty. While it is looked through nothing can be put into it, so nothing is lost.
    pub async fn delete_bucket(&self, name: &str) -> Result<(), ObjectError> {
        let closed = self.close_bucket(name).await?;
        let id = &closed.value.id;
        let is_empty =
            self.store().query(Query::<ObjectRow>::in_partition(id).limit(1)).await?.rows.is_empty();
        if !is_empty {
            let open = BucketRow { closed_until: None, ..closed.value.clone() };
            match self.store().commit(Batch::new().replace(&closed, &open)).await {
                // A conflict: someone else opened it or deletes it as well; it is theirs now.
                Ok(()) | Err(CommitError::Conflict(_)) => {}
                Err(other) => return Err(other.into()),
            }
            return Err(ObjectError::BucketNotEmpty(name.to_owned()));
        }
        for upload in self.store().query_all(Query::<UploadRow>::in_partition(id)).await? {
            self.drop_upload(&upload).await?;
        }
        Ok(self.store().commit(Batch::new().spend(&closed)).await?)
    }

    async fn close_bucket(&self, name: &str) -> Result<Versioned<BucketRow>, ObjectError> {
        let now = self.now();
        self.store()
            .decide::<_, ObjectError, _, _>(async || {
                let read = self.bucket(name).await?;
                let until = Some(now.plus_millis(CLOSED_MILLIS));
                let closed = BucketRow { closed_until: until, ..read.value.clone() };
                let batch = Batch::new().replace(&read, &closed);
                Ok((batch, Versioned { value: closed, version: read.version + 1 }))
            })
            .await
    }

    /// Changes what is set on a bucket. `change` may run again.
    pub async fn set_bucket(&self, name: &str, change: impl Fn(&mut Settings)) -> Result<(), ObjectError> {
        self.store()
            .decide(async || {
                let read = self.bucket(name).await?;
                let mut bucket = read.value.clone();
                change(&mut bucket.settings);
                check_settings(&bucket.settings)?;
                if bucket.settings == read.value.settings {
                    return Ok((Batch::new(), ()));
                }
                Ok((Batch::new().replace(&read, &bucket), ()))
            })
            .await
    }

    pub(crate) async fn bucket(&self, name: &str) -> Result<Versioned<BucketRow>, ObjectError> {
        let read = self.store().get::<BucketRow>(BUCKETS, name).await?;
        read.ok_or_else(|| ObjectError::NoSuchBucket(name.to_owned()))
    }

    /// A bucket that takes something in. Whoever puts expects it unchanged, so that a bucket being deleted stays empty.
    pub(crate) async fn open_bucket(&self, name: &str) -> Result<Versioned<BucketRow>, ObjectError> {
        let bucket = self.bucket(name).await?;
        if bucket.value.closed_until.is_some_and(|until| until > self.now()) {
            return Err(ObjectError::OperationAborted);
        }
        Ok(bucket)
    }
}

fn seen(row: BucketRow) -> Bucket {
    let BucketRow { name, owner, created_at, settings, .. } = row;
    Bucket { name, owner, created_at, settings }
}

fn check_settings(settings: &Settings) -> Result<(), ObjectError> {
    if let Some(policy) = &settings.policy {
        let parsed: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_str(policy);
        match parsed {
            Ok(policy) if policy.contains_key("Statement") => {}
            Ok(_) => {
                return Err(ObjectError::MalformedPolicy(String::from("Missing required field Statement")));
            }
            Err(_) => {
                return Err(ObjectError::MalformedPolicy(String::from(
                    "Policies must be valid JSON and the first byte must be '{'",
                )));
            }
        }
    }
    match settings.encryption.as_ref().map(|rule| &*rule.algorithm) {
        None | Some("AES256") => {}
        Some("aws:kms" | "aws:kms:dsse") => {
            return Err(ObjectError::NotImplemented(String::from("Encryption with keys of AWS KMS")));
        }
        Some(_) => return Err(ObjectError::MalformedXml),
    }
    match settings.object_ownership.as_deref() {
        None | Some("BucketOwnerEnforced") => {}
        // These would let access control lists in.
        Some(other @ ("BucketOwnerPreferred" | "ObjectWriter")) => {
            return Err(ObjectError::NotImplemented(format!("ObjectOwnership {other}")));
        }
        Some(_) => return Err(ObjectError::MalformedXml),
    }
    check_tags(&settings.tags, MOST_TAGS)
}

pub(crate) fn check_tags(tags: &BTreeMap<String, String>, most: usize) -> Result<(), ObjectError> {
    if tags.len() > most {
        return Err(ObjectError::InvalidTag(format!("Object tags cannot be greater than {most}")));
    }
    for (key, value) in tags {
        if key.is_empty() || key.chars().count() > 128 {
            return Err(ObjectError::InvalidTag(String::from("The TagKey you have provided is invalid")));
        }
        if value.chars().count() > 256 {
            return Err(ObjectError::InvalidTag(String::from("The TagValue you have provided is invalid")));
        }
    }
    Ok(())
}
