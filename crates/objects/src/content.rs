//! Objects: put, read, copied, deleted.

use std::collections::BTreeMap;

use base::Timestamp;
use bytes::{Bytes, BytesMut};
use ports::RngExt;
use serde::{Deserialize, Serialize};
use store::{Batch, Versioned};

use crate::{
    LARGEST_BODY, ObjectError, Objects, buckets,
    checksum::{self, Claims},
    conditions::{ByteRange, Conditions},
    names,
    rows::{ObjectRow, Piece},
};

/// "Object tagging": at most so many.
const MOST_TAGS: usize = 10;
/// "User-defined object metadata": 2 KB, names and values.
const METADATA_LIMIT: usize = 2048;

/// What is said of an object beside its bytes; kept and given back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    pub content_type: Option<String>,
    pub cache_control: Option<String>,
    pub content_disposition: Option<String>,
    pub content_encoding: Option<String>,
    pub content_language: Option<String>,
    pub expires: Option<String>,
    pub website_redirect_location: Option<String>,
    /// `AES256` and so on, where the client or the bucket named one.
    pub server_side_encryption: Option<String>,
    /// `x-amz-meta-…`: names in lower case, without the prefix.
    pub metadata: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default)]
pub struct PutOptions {
    pub description: Description,
    pub tags: BTreeMap<String, String>,
    pub claims: Claims,
    pub conditions: Conditions,
}

/// An object without its bytes.
#[derive(Clone, Debug)]
pub struct Object {
    pub key: String,
    pub size: u64,
    /// Without its quotes.
    pub etag: String,
    pub modified_at: Timestamp,
    pub description: Description,
    /// `CRC32` → base64.
    pub checksums: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pieces: Vec<Piece>,
}

/// How a copy differs from what is copied.
#[derive(Clone, Debug, Default)]
pub struct CopyOptions {
    /// `MetadataDirective: REPLACE`.
    pub description: Option<Description>,
    /// `TaggingDirective: REPLACE`.
    pub tags: Option<BTreeMap<String, String>>,
    /// `x-amz-copy-source-if-…`; 412 whatever fails.
    pub source: Conditions,
    pub conditions: Conditions,
}

impl Objects {
    /// Puts `content` under `key`, whatever was there, durable when this returns.
    pub async fn put(
        &self,
        bucket: &str,
        key: &str,
        content: Bytes,
        options: PutOptions,
    ) -> Result<Object, ObjectError> {
        names::check_key(key)?;
        if content.len() > LARGEST_BODY {
            return Err(ObjectError::EntityTooLarge);
        }
        // Before the bytes are written: no bucket, no blob.
        self.open_bucket(bucket).await?;
        let PutOptions { description, tags, claims, conditions } = options;
        check_description(&description)?;
        buckets::check_tags(&tags, MOST_TAGS)?;
        let sums = checksum::check(content.clone(), claims).await?;
        let size = content.len() as u64;
        self.store().put_blob(&sums.sha256, content).await?;
        let object = Object {
            key: key.to_owned(),
            size,
            etag: checksum::hex(&sums.md5),
            modified_at: self.now(),
            description,
            checksums: sums.checksums,
            tags,
            pieces: vec![Piece { sha256: sums.sha256, size }],
        };
        self.write_object(bucket, object, &conditions, async || Ok(Batch::new())).await
    }

    /// Writes the row of `object` in the place of what is there, and whatever `also` says in the same commit.
    pub(crate) async fn write_object(
        &self,
        bucket: &str,
        object: Object,
        conditions: &Conditions,
        also: impl AsyncAlso,
    ) -> Result<Object, ObjectError> {
        let id = self.rng().uuid();
        let now = self.now();
        self.store()
            .decide(async || {
                let open = self.open_bucket(bucket).await?;
                let before = self.store().get::<ObjectRow>(&open.value.id, &object.key).await?;
                conditions.check_write(&object.key, before.as_ref().map(|row| &*row.value.etag))?;
                let mut object = object.clone();
                if object.description.server_side_encryption.is_none() {
                    object.description.server_side_encryption =
                        open.value.settings.encryption.as_ref().map(|rule| rule.algorithm.clone());
                }
                let row = row_of(&object, &open.value.id, &id);
                let mut batch = Batch::new().expect(&open).and(also.run().await?);
                batch = match &before {
                    Some(before) => release(batch.replace(before, &row), &before.value, now),
                    None => batch.insert(&row),
                };
                Ok((hold(batch, &row), object))
            })
            .await
    }

    /// The object without its bytes.
    pub async fn head(&self, bucket: &str, key: &str) -> Result<Object, ObjectError> {
        let bucket = self.bucket(bucket).await?;
        let row = self.object_row(&bucket.value.id, key).await?;
        Ok(seen(row.value))
    }

    /// The object and all its bytes.
    pub async fn get(&self, bucket: &str, key: &str) -> Result<(Object, Bytes), ObjectError> {
        let object = self.head(bucket, key).await?;
        let content = self.read(&object, None).await?;
        Ok((object, content))
    }

    /// Bytes of an object that was found: all, or a range.
    pub async fn read(&self, object: &Object, range: Option<ByteRange>) -> Result<Bytes, ObjectError> {
        let (from, to) = match range {
            Some(range) => range.within(object.size)?,
            None => (0, object.size),
        };
        let mut found: Vec<Bytes> = Vec::new();
        let mut start = 0;
        for Piece { sha256, size } in &object.pieces {
            let (begin, end) = (from.max(start), to.min(start + size));
            if begin < end {
                let blob = self.store().get_blob(sha256).await?;
                let blob = blob.ok_or_else(|| ObjectError::Internal(format!("blob {sha256} is gone")))?;
                if blob.len() as u64 != *size {
                    return Err(ObjectError::Internal(format!("blob {sha256} is not {size} bytes long")));
                }
                found.push(blob.slice((begin - start) as usize..(end - start) as usize));
            }
            start += size;
        }
        match found.len() {
            0 => Ok(Bytes::new()),
            1 => Ok(found.swap_remove(0)),
            _ => {
                let mut all = BytesMut::with_capacity((to - from) as usize);
                for piece in found {
                    all.extend_from_slice(&piece);
                }
                Ok(all.freeze())
            }
        }
    }

    /// One that is not there is deleted already.
    pub async fn delete(&self, bucket: &str, key: &str, conditions: &Conditions) -> Result<(), ObjectError> {
        let bucket = self.bucket(bucket).await?;
        let now = self.now();
        self.store()
            .decide(async || {
                let Some(row) = self.store().get::<ObjectRow>(&bucket.value.id, key).await? else {
                    if conditions.if_match.is_some() {
                        return Err(ObjectError::NoSuchKey(key.to_owned()));
                    }
                    return Ok((Batch::new(), ()));
                };
                conditions.check_write(key, Some(&row.value.etag))?;
                Ok((release(Batch::new().spend(&row), &row.value, now), ()))
            })
            .await
    }

    /// All of them in one commit; those that are not there are deleted already.
    pub async fn delete_many(&self, bucket: &str, keys: &[&str]) -> Result<(), ObjectError> {
        let bucket = self.bucket(bucket).await?;
        let ids: Vec<(&str, &str)> = keys.iter().map(|key| (&*bucket.value.id, *key)).collect();
        let now = self.now();
        self.store()
            .decide(async || {
                let rows = self.store().get_many::<ObjectRow>(&ids).await?;
                let batch = rows
                    .iter()
                    .flatten()
                    .fold(Batch::new(), |batch, row| release(batch.spend(row), &row.value, now));
                Ok((batch, ()))
            })
            .await
    }

    /// A new object with the bytes of another; the bytes are not copied.
    pub async fn copy(
        &self,
        from: (&str, &str),
        to: (&str, &str),
        options: CopyOptions,
    ) -> Result<Object, ObjectError> {
        names::check_key(to.1)?;
        let CopyOptions { description, tags, source, conditions } = options;
        if from == to && description.is_none() && tags.is_none() {
            return Err(ObjectError::InvalidRequest(String::from(
                "This copy request is illegal because it is trying to copy an object to itself without changing the \
                 object's metadata, storage class, website redirect location or encryption attributes.",
            )));
        }
        let mut object = self.head(from.0, from.1).await?;
        match source.check_read(&object.etag, object.modified_at) {
            Err(ObjectError::NotModified { .. }) => return Err(ObjectError::PreconditionFailed),
            outcome => outcome?,
        }
        if let Some(description) = description {
            check_description(&description)?;
            object.description = description;
        }
        if let Some(tags) = tags {
            buckets::check_tags(&tags, MOST_TAGS)?;
            object.tags = tags;
        }
        object.key = to.1.to_owned();
        object.modified_at = self.now();
        self.write_object(to.0, object, &conditions, async || Ok(Batch::new())).await
    }

    pub async fn set_object_tags(
        &self,
        bucket: &str,
        key: &str,
        tags: BTreeMap<String, String>,
    ) -> Result<(), ObjectError> {
        buckets::check_tags(&tags, MOST_TAGS)?;
        let bucket = self.bucket(bucket).await?;
        self.store()
            .decide(async || {
                let read = self.object_row(&bucket.value.id, key).await?;
                let row = ObjectRow { tags: tags.clone(), ..read.value.clone() };
                Ok((Batch::new().replace(&read, &row), ()))
            })
            .await
    }

    async fn object_row(&self, bucket_id: &str, key: &str) -> Result<Versioned<ObjectRow>, ObjectError> {
        let row = self.store().get::<ObjectRow>(bucket_id, key).await?;
        row.ok_or_else(|| ObjectError::NoSuchKey(key.to_owned()))
    }
}

/// More for the commit that writes an object: worked out anew on each attempt.
pub(crate) trait AsyncAlso: Sync {
    fn run(&self) -> impl Future<Output = Result<Batch, ObjectError>> + Send;
}

impl<F, D> AsyncAlso for F
where
    F: Fn() -> D + Sync,
    D: Future<Output = Result<Batch, ObjectError>> + Send,
{
    fn run(&self) -> impl Future<Output = Result<Batch, ObjectError>> + Send {
        self()
    }
}

impl Object {
    pub(crate) fn of_parts(
        key: &str,
        pieces: Vec<Piece>,
        etag: String,
        modified_at: Timestamp,
        description: Description,
        tags: BTreeMap<String, String>,
    ) -> Self {
        let size = pieces.iter().map(|piece| piece.size).sum();
        let key = key.to_owned();
        Self { key, size, etag, modified_at, description, checksums: BTreeMap::new(), tags, pieces }
    }

    /// How many parts it was put in; `None` where it was put at once.
    pub fn parts(&self) -> Option<usize> {
        self.etag.contains('-').then_some(self.pieces.len())
    }

    /// Where part `number` (from 1) lies.
    pub fn part(&self, number: usize) -> Result<ByteRange, ObjectError> {
        let before = number.checked_sub(1).ok_or(ObjectError::InvalidRange)?;
        let piece = self.pieces.get(before).ok_or(ObjectError::InvalidRange)?;
        let start: u64 = self.pieces[..before].iter().map(|piece| piece.size).sum();
        Ok(ByteRange::Between(start, (start + piece.size).saturating_sub(1)))
    }
}

pub(crate) fn seen(row: ObjectRow) -> Object {
    let ObjectRow { key, pieces, size, etag, modified_at, description, checksums, tags, .. } = row;
    Object { key, size, etag, modified_at, description, checksums, tags, pieces }
}

fn row_of(object: &Object, bucket_id: &str, id: &str) -> ObjectRow {
    let Object { key, size, etag, modified_at, description, checksums, tags, pieces } = object.clone();
    let (bucket, id) = (bucket_id.to_owned(), id.to_owned());
    ObjectRow { bucket, key, id, pieces, size, etag, modified_at, description, checksums, tags }
}

fn hold(batch: Batch, row: &ObjectRow) -> Batch {
    row.pieces.iter().fold(batch, |batch, piece| batch.hold_blob(&piece.sha256, &row.holder()))
}

fn release(batch: Batch, row: &ObjectRow, now: Timestamp) -> Batch {
    row.pieces.iter().fold(batch, |batch, piece| batch.release_blob(&piece.sha256, &row.holder(), now))
}

pub(crate) fn check_description(description: &Description) -> Result<(), ObjectError> {
    let size: usize = description.metadata.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > METADATA_LIMIT {
        return Err(ObjectError::MetadataTooLarge);
    }
    match description.server_side_encryption.as_deref() {
        None | Some("AES256") => Ok(()),
        Some("aws:kms" | "aws:kms:dsse") => {
            Err(ObjectError::NotImplemented(String::from("Encryption with keys of AWS KMS")))
        }
        Some(_) => Err(ObjectError::InvalidArgument(String::from(
            "The encryption method specified is not supported",
        ))),
    }
}
