//! Uploads in parts (Amazon S3 User Guide, "Uploading and copying objects using multipart upload").

use std::collections::BTreeMap;

use base::{PageToken, Timestamp};
use bytes::Bytes;
use ports::RngExt;
use store::{Batch, Query, Versioned};

use crate::{
    LARGEST_BODY, LARGEST_OBJECT, Object, ObjectError, Objects, buckets,
    checksum::{self, Claims},
    conditions::{ByteRange, Conditions},
    content::{self, Description},
    names,
    rows::{PartRow, Piece, UploadRow},
};

/// "Amazon S3 multipart upload limits".
pub const MOST_PARTS: u32 = 10_000;
const SMALLEST_PART: u64 = 5 << 20;
const MOST_TAGS: usize = 10;

#[derive(Clone, Debug)]
pub struct Upload {
    pub id: String,
    pub key: String,
    pub begun_at: Timestamp,
}

#[derive(Clone, Debug)]
pub struct Part {
    pub number: u32,
    pub size: u64,
    /// Without its quotes.
    pub etag: String,
    pub modified_at: Timestamp,
    pub checksums: BTreeMap<String, String>,
}

/// A part that the client says the object is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedPart {
    pub number: u32,
    pub etag: String,
}

impl Objects {
    /// The upload's id.
    pub async fn create_upload(
        &self,
        bucket: &str,
        key: &str,
        description: Description,
        tags: BTreeMap<String, String>,
    ) -> Result<String, ObjectError> {
        names::check_key(key)?;
        content::check_description(&description)?;
        buckets::check_tags(&tags, MOST_TAGS)?;
        let id = self.rng().string(base::ids::ALPHANUMERIC, 64);
        let now = self.now();
        self.store()
            .decide(async || {
                let open = self.open_bucket(bucket).await?;
                let upload = UploadRow {
                    bucket: open.value.id.clone(),
                    id: id.clone(),
                    key: key.to_owned(),
                    begun_at: now,
                    description: description.clone(),
                    tags: tags.clone(),
                };
                Ok((Batch::new().expect(&open).insert(&upload), id.clone()))
            })
            .await
    }

    /// A part put again replaces the one of its number.
    pub async fn put_part(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        number: u32,
        content: Bytes,
        claims: Claims,
    ) -> Result<Part, ObjectError> {
        if content.len() > LARGEST_BODY {
            return Err(ObjectError::EntityTooLarge);
        }
        check_number(number)?;
        self.upload(bucket, key, upload).await?;
        let sums = checksum::check(content.clone(), claims).await?;
        let piece = Piece { sha256: sums.sha256, size: content.len() as u64 };
        self.store().put_blob(&piece.sha256, content).await?;
        let part = PartRow {
            upload: upload.to_owned(),
            number,
            id: self.rng().uuid(),
            piece,
            etag: checksum::hex(&sums.md5),
            modified_at: self.now(),
            checksums: sums.checksums,
        };
        self.store()
            .decide(async || {
                // Expected unchanged: a part never comes to an upload that was completed or aborted meanwhile.
                let upload = self.upload(bucket, key, upload).await?;
                let before = self.store().get::<PartRow>(&part.upload, &PartRow::key_of(number)).await?;
                let batch = Batch::new().expect(&upload);
                let batch = match &before {
                    Some(before) => release(batch.replace(before, &part), &before.value, part.modified_at),
                    None => batch.insert(&part),
                };
                Ok((batch.hold_blob(&part.piece.sha256, &part.holder()), seen(part.clone())))
            })
            .await
    }

    /// A part with bytes of another object.
    pub async fn copy_part(
        &self,
        from: (&str, &str),
        range: Option<ByteRange>,
        (bucket, key, upload): (&str, &str, &str),
        number: u32,
    ) -> Result<Part, ObjectError> {
        let object = self.head(from.0, from.1).await?;
        let size = match range {
            Some(range) => range.within(object.size).map(|(from, to)| to - from)?,
            None => object.size,
        };
        if size > LARGEST_BODY as u64 {
            return Err(ObjectError::EntityTooLarge);
        }
        let content = self.read(&object, range).await?;
        self.put_part(bucket, key, upload, number, content, Claims::default()).await
    }

    /// Makes the object of the parts named, and forgets the upload and the parts not named. Asked again (the answer to
    /// the first time was lost), it says the same.
    pub async fn complete_upload(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        wanted: &[WantedPart],
        conditions: &Conditions,
    ) -> Result<Object, ObjectError> {
        let read = match self.upload(bucket, key, upload).await {
            Err(ObjectError::NoSuchUpload(upload)) => {
                let made = checksum::etag_of_parts(wanted.iter().map(|part| part.etag.trim_matches('"')));
                let there = self.head(bucket, key).await.ok().filter(|object| object.etag == made);
                return there.ok_or(ObjectError::NoSuchUpload(upload));
            }
            outcome => outcome?,
        };
        let parts = self.store().query_all(Query::<PartRow>::in_partition(upload)).await?;
        let chosen = choose(&parts, wanted)?;
        let etag = checksum::etag_of_parts(chosen.iter().map(|part| &*part.etag));
        let now = self.now();
        let UploadRow { description, tags, .. } = read.value.clone();
        let pieces: Vec<Piece> = chosen.iter().map(|part| part.piece.clone()).collect();
        if pieces.iter().map(|piece| piece.size).sum::<u64>() > LARGEST_OBJECT {
            return Err(ObjectError::EntityTooLarge);
        }
        let object = Object::of_parts(key, pieces, etag, now, description, tags);
        let object = self
            .write_object(bucket, object, conditions, async || {
                // Looked at anew: completed or aborted by someone else, it is no more.
                let read = self.upload(bucket, key, upload).await?;
                Ok(parts.iter().fold(Batch::new().spend(&read), |batch, part| {
                    release(batch.spend(part), &part.value, now)
                }))
            })
            .await;
        match object {
            // A part came or changed between reading and writing for as long as we tried.
            Err(ObjectError::OperationAborted) => Err(ObjectError::InvalidPart),
            outcome => {
                let object = outcome?;
                self.drop_parts(upload).await?;
                Ok(object)
            }
        }
    }

    pub async fn abort_upload(&self, bucket: &str, key: &str, upload: &str) -> Result<(), ObjectError> {
        let read = self.upload(bucket, key, upload).await?;
        self.drop_upload(&read).await
    }

    /// First the upload, so that no part comes after, then its parts.
    pub(crate) async fn drop_upload(&self, upload: &Versioned<UploadRow>) -> Result<(), ObjectError> {
        let UploadRow { bucket, id, .. } = &upload.value;
        self.store().commit(Batch::new().delete::<UploadRow>(bucket, id)).await?;
        self.drop_parts(id).await
    }

    async fn drop_parts(&self, upload: &str) -> Result<(), ObjectError> {
        let now = self.now();
        loop {
            let page = self.store().query(Query::<PartRow>::in_partition(upload).limit(1000)).await?;
            if page.rows.is_empty() {
                return Ok(());
            }
            let batch = page.rows.iter().fold(Batch::new(), |batch, part| {
                release(
                    batch.delete::<PartRow>(upload, &PartRow::key_of(part.value.number)),
                    &part.value,
                    now,
                )
            });
            self.store().commit(batch).await?;
        }
    }

    /// Uploads that were begun, by id; the second is where to go on.
    pub async fn list_uploads(
        &self,
        bucket: &str,
        prefix: &str,
        after: Option<PageToken>,
        limit: usize,
    ) -> Result<(Vec<Upload>, Option<PageToken>), ObjectError> {
        let bucket = self.bucket(bucket).await?;
        let all = Query::<UploadRow>::in_partition(&bucket.value.id).limit(limit).after(after);
        let page = self.store().query(all).await?;
        let uploads = page.rows.into_iter().map(|row| row.value).filter(|row| row.key.starts_with(prefix));
        let uploads = uploads.map(|row| Upload { id: row.id, key: row.key, begun_at: row.begun_at });
        Ok((uploads.collect(), page.next))
    }

    /// Parts after number `after`; the second says whether there are more.
    pub async fn list_parts(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
        after: u32,
        limit: usize,
    ) -> Result<(Vec<Part>, bool), ObjectError> {
        self.upload(bucket, key, upload).await?;
        let from = PartRow::key_of(after.saturating_add(1));
        let all = Query::<PartRow>::in_partition(upload).between(from, ":").limit(limit);
        let page = self.store().query(all).await?;
        Ok((page.rows.into_iter().map(|row| seen(row.value)).collect(), page.next.is_some()))
    }

    async fn upload(
        &self,
        bucket: &str,
        key: &str,
        upload: &str,
    ) -> Result<Versioned<UploadRow>, ObjectError> {
        let bucket = self.bucket(bucket).await?;
        let read = self.store().get::<UploadRow>(&bucket.value.id, upload).await?;
        read.filter(|row| row.value.key == key).ok_or_else(|| ObjectError::NoSuchUpload(upload.to_owned()))
    }
}

/// The parts named, each there as named, in order, and none but the last too small.
fn choose<'p>(
    parts: &'p [Versioned<PartRow>],
    wanted: &[WantedPart],
) -> Result<Vec<&'p PartRow>, ObjectError> {
    if wanted.is_empty() {
        return Err(ObjectError::MalformedXml);
    }
    if wanted.windows(2).any(|pair| pair[0].number >= pair[1].number) {
        return Err(ObjectError::InvalidPartOrder);
    }
    let by_number: BTreeMap<u32, &PartRow> = parts.iter().map(|row| (row.value.number, &row.value)).collect();
    let chosen: Vec<&PartRow> = wanted
        .iter()
        .map(|wanted| {
            let part =
                by_number.get(&wanted.number).filter(|part| part.etag == wanted.etag.trim_matches('"'));
            part.copied().ok_or(ObjectError::InvalidPart)
        })
        .collect::<Result<_, _>>()?;
    let all_but_last = &chosen[..chosen.len() - 1];
    if all_but_last.iter().any(|part| part.piece.size < SMALLEST_PART) {
        return Err(ObjectError::EntityTooSmall);
    }
    Ok(chosen)
}

fn check_number(number: u32) -> Result<(), ObjectError> {
    if (1..=MOST_PARTS).contains(&number) {
        return Ok(());
    }
    Err(ObjectError::InvalidArgument(format!(
        "Part number must be an integer between 1 and {MOST_PARTS}, inclusive"
    )))
}

fn release(batch: Batch, part: &PartRow, now: Timestamp) -> Batch {
    batch.release_blob(&part.piece.sha256, &part.holder(), now)
}

fn seen(row: PartRow) -> Part {
    let PartRow { number, piece, etag, modified_at, checksums, .. } = row;
    Part { number, size: piece.size, etag, modified_at, checksums }
}
