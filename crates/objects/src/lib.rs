//! Buckets and objects: the part of Amazon S3 that deployments need.
//!
//! [`Objects`] is the typed side, for `functions` and `stacks`; [`rest`] is S3's REST-XML wire, for the front door.
//! Rows hold what an object is called and made of; the bytes are blobs of the store, kept once however many objects
//! have them, and collected after nothing does (`store::blobs`).
//!
//! What S3 has and this does not: old versions of an object (versioning is stored and returned, the latest version is
//! what there is), access control lists beyond the owner's, and what `rest::operation` answers `NotImplemented` to.
//! Bytes lie on the disk as they are: encryption at rest is the disk's, `ServerSideEncryption` is noted and returned.

pub mod buckets;
pub mod checksum;
pub mod conditions;
pub mod content;
mod error;
pub mod listing;
pub mod multipart;
mod names;
pub mod rest;
mod rows;

use std::sync::Arc;

use base::{Region, Timestamp};
use ports::{Clock, Rng};
use store::Store;

pub use buckets::{Bucket, Encryption, PublicAccessBlock, Settings, Versioning};
pub use content::{Description, Object, PutOptions};
pub use error::ObjectError;
pub use listing::{ListOptions, Listing};

/// The largest body of one request that is taken, in bytes; larger objects come in parts. A function's package is at
/// most 250 MiB.
pub const LARGEST_BODY: usize = 256 << 20;
/// The largest object, as in S3: 5 TiB.
pub const LARGEST_OBJECT: u64 = 5 << 40;

/// What the room needs.
pub struct Parts {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    /// Where buckets are said to be.
    pub region: Region,
}

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Objects {
    parts: Arc<Parts>,
}

impl Objects {
    pub fn open(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    pub fn region(&self) -> &Region {
        &self.parts.region
    }

    fn store(&self) -> &Store {
        &self.parts.store
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }

    fn rng(&self) -> &dyn Rng {
        &*self.parts.rng
    }
}
