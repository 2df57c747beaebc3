//! Large bytes, apart from the rows, by their SHA-256: function packages and bucket objects.
//!
//! The same bytes are kept once, whoever put them, so nobody may delete them alone. Whoever needs a blob *holds* it, in
//! the commit that refers to it ([`Batch::hold_blob`]), and releases it in the commit that does so no more
//! ([`Batch::release_blob`]). [`Store::collect_blobs`] deletes what nobody has held for [`BLOB_GRACE_MILLIS`]: long
//! enough for a blob that was put to be held by the commit that follows.

use base::Timestamp;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Batch, Collection, CommitError, IndexEntry, Query, Store, StoreError};

/// From the last time a blob was put or released until it may be collected.
pub const BLOB_GRACE_MILLIS: i64 = 60 * 60 * 1000;
/// The one partition of the released.
const RELEASED: &str = "released";
const BY_SINCE: &str = "by_since";

/// Someone needs the blob.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobHold {
    pub sha256: String,
    /// What needs it, by an id that is never used again: `object/<uuid>`, `function/<arn>/<revision>`.
    pub holder: String,
}

/// Someone needs the blob no more; perhaps nobody does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ReleasedBlob {
    sha256: String,
    since: Timestamp,
}

impl Collection for BlobHold {
    const NAME: &'static str = "blob_hold";

    fn partition(&self) -> &str {
        &self.sha256
    }

    fn key(&self) -> String {
        self.holder.clone()
    }
}

impl Collection for ReleasedBlob {
    const NAME: &'static str = "released_blob";

    fn partition(&self) -> &str {
        RELEASED
    }

    fn key(&self) -> String {
        self.sha256.clone()
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        vec![IndexEntry::new(BY_SINCE, sortable(self.since))]
    }
}

impl Batch {
    /// Keeps the blob for `holder` from this commit on. Put the blob first.
    #[must_use]
    pub fn hold_blob(self, sha256: &str, holder: &str) -> Self {
        self.put(&BlobHold { sha256: sha256.to_owned(), holder: holder.to_owned() })
    }

    /// `holder` needs the blob no more.
    #[must_use]
    pub fn release_blob(self, sha256: &str, holder: &str, now: Timestamp) -> Self {
        self.delete::<BlobHold>(sha256, holder).put(&ReleasedBlob { sha256: sha256.to_owned(), since: now })
    }
}

impl Store {
    /// `sha256` in lower-case hexadecimal, worked out by the caller, who has the hash function.
    pub async fn put_blob(&self, sha256: &str, content: Bytes) -> Result<(), StoreError> {
        self.engine().put_blob(sha256, content).await
    }

    pub async fn get_blob(&self, sha256: &str) -> Result<Option<Bytes>, StoreError> {
        self.engine().get_blob(sha256).await
    }

    /// Deletes the blob at once, unless someone holds it. For bytes that are surely nobody else's; everything else is
    /// released and collected.
    pub async fn delete_blob(&self, sha256: &str) -> Result<(), StoreError> {
        if self.is_held(sha256).await? {
            return Ok(());
        }
        self.engine().delete_blob(sha256).await
    }

    /// Deletes up to `limit` blobs that nobody has held for a while and says how many. For the sweeper.
    pub async fn collect_blobs(&self, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let before = now.plus_millis(-BLOB_GRACE_MILLIS);
        let released = Query::<ReleasedBlob>::in_partition(RELEASED).index(BY_SINCE);
        let released = self.query(released.between("", sortable(before)).limit(limit)).await?;
        let mut deleted = 0;
        for row in released.rows {
            let sha256 = &row.value.sha256;
            let next = if self.is_held(sha256).await? {
                Batch::new().spend(&row)
            } else if self.engine().delete_blob_put_before(sha256, before).await? {
                deleted += 1;
                Batch::new().spend(&row)
            } else {
                // Put again a moment ago: whoever did will hold it, or it comes up again.
                Batch::new().replace(&row, &ReleasedBlob { since: now, ..row.value.clone() })
            };
            match self.commit(next).await {
                // A conflict: released anew meanwhile, and looked at again when that is old.
                Ok(()) | Err(CommitError::Conflict(_)) => {}
                Err(CommitError::Store(cause)) => return Err(cause),
                Err(other) => return Err(StoreError::Invalid(other.to_string())),
            }
        }
        Ok(deleted)
    }

    async fn is_held(&self, sha256: &str) -> Result<bool, StoreError> {
        let holds = self.query(Query::<BlobHold>::in_partition(sha256).limit(1)).await?;
        Ok(!holds.rows.is_empty())
    }
}

/// Digits that sort as the time does.
fn sortable(at: Timestamp) -> String {
    format!("{:016}", at.millis().max(0))
}
