//! Users: people and programs with access keys of their own.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry};

use super::{Holder, Permissions, key_of};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserRow {
    pub account: String,
    pub name: String,
    /// `AIDA…`
    pub id: String,
    pub path: String,
    pub arn: String,
    pub permissions: Permissions,
    pub tags: BTreeMap<String, String>,
    pub created_at: Timestamp,
    /// Counts the access keys made, so that two made at once cannot both be the second.
    pub keys_made: u64,
}

impl Collection for UserRow {
    const NAME: &'static str = "iam_user";

    fn partition(&self) -> &str {
        &self.account
    }

    fn key(&self) -> String {
        key_of(&self.name)
    }

    fn indexes(&self) -> Vec<IndexEntry> {
        self.permissions.indexes()
    }
}

impl Holder for UserRow {
    const NOUN: &'static str = "user";
    const INLINE_QUOTA: usize = 2_048;

    fn name(&self) -> &str {
        &self.name
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn arn(&self) -> &str {
        &self.arn
    }

    fn permissions(&self) -> &Permissions {
        &self.permissions
    }

    fn permissions_mut(&mut self) -> &mut Permissions {
        &mut self.permissions
    }

    fn tags(&self) -> &BTreeMap<String, String> {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.tags
    }
}
