//! How buckets, objects and uploads lie in the store.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

use crate::{Description, Settings};

/// The one partition of the buckets: their names are unique in the server.
pub(crate) const BUCKETS: &str = "buckets";

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct BucketRow {
    pub name: String,
    /// The partition of its objects. A bucket made again under the name has another, so that nothing of the old one shows.
    pub id: String,
    /// The account that made it.
    pub owner: String,
    pub created_at: Timestamp,
    pub settings: Settings,
    /// Someone is looking whether it is empty, to delete it; until then nothing is put into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_until: Option<Timestamp>,
}

impl Collection for BucketRow {
    const NAME: &'static str = "bucket";

    fn partition(&self) -> &str {
        BUCKETS
    }

    fn key(&self) -> String {
        self.name.clone()
    }
}

/// Some of an object's bytes: a blob of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    pub sha256: String,
    pub size: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ObjectRow {
    /// The bucket's id.
    pub bucket: String,
    pub key: String,
    /// What holds the pieces. Never used again.
    pub id: String,
    pub pieces: Vec<Piece>,
    pub size: u64,
    /// Without its quotes.
    pub etag: String,
    pub modified_at: Timestamp,
    pub description: Description,
    /// `CRC32` → base64, as S3 shows it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checksums: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl ObjectRow {
    pub fn holder(&self) -> String {
        format!("object/{}", self.id)
    }
}

impl Collection for ObjectRow {
    const NAME: &'static str = "object";

    fn partition(&self) -> &str {
        &self.bucket
    }

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// An upload in parts that was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct UploadRow {
    pub bucket: String,
    pub id: String,
    pub key: String,
    pub begun_at: Timestamp,
    pub description: Description,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl Collection for UploadRow {
    const NAME: &'static str = "object_upload";

    fn partition(&self) -> &str {
        &self.bucket
    }

    fn key(&self) -> String {
        self.id.clone()
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PartRow {
    pub upload: String,
    pub number: u32,
    /// What holds the piece.
    pub id: String,
    pub piece: Piece,
    pub etag: String,
    pub modified_at: Timestamp,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub checksums: BTreeMap<String, String>,
}

impl PartRow {
    pub fn holder(&self) -> String {
        format!("part/{}", self.id)
    }

    /// Sorts as the number does.
    pub fn key_of(number: u32) -> String {
        format!("{number:05}")
    }
}

impl Collection for PartRow {
    const NAME: &'static str = "object_part";

    fn partition(&self) -> &str {
        &self.upload
    }

    fn key(&self) -> String {
        Self::key_of(self.number)
    }
}
