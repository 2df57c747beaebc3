//! Long-term access keys.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry};

use super::{BY_USER, key_of};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessKeyRow {
    pub account: String,
    pub access_key_id: String,
    pub owner: KeyOwner,
    /// The secret access key, sealed for [`AccessKeyRow::seal_place`].
    pub sealed_secret: String,
    pub status: KeyStatus,
    pub created_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyOwner {
    Root,
    /// The user's name, and the id that tells them from a later user of that name.
    User {
        name: String,
        id: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyStatus {
    Active,
    Inactive,
}

impl AccessKeyRow {
    pub fn seal_place(access_key_id: &str) -> String {
        format!("iam_access_key/{access_key_id}/secret")
    }
}

impl Collection for AccessKeyRow {
    const NAME: &'static str = "iam_access_key";

    fn partition(&self) -> &str {
        &self.account
    }

    fn key(&self) -> String {
        self.access_key_id.clone()
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        match &self.owner {
            KeyOwner::Root => Vec::new(),
            KeyOwner::User { name, .. } => vec![IndexEntry::new(BY_USER, key_of(name))],
        }
    }
}
