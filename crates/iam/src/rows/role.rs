//! Roles.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry};

use super::{Holder, Permissions, key_of};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleRow {
    pub account: String,
    pub name: String,
    /// `AROA…`
    pub id: String,
    pub path: String,
    pub arn: String,
    /// The trust policy's document.
    pub trust: String,
    pub description: Option<String>,
    /// Seconds.
    pub max_session_duration: i64,
    pub permissions: Permissions,
    pub tags: BTreeMap<String, String>,
    pub created_at: Timestamp,
}

impl Collection for RoleRow {
    const NAME: &'static str = "iam_role";

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

impl Holder for RoleRow {
    const NOUN: &'static str = "role";
    const INLINE_QUOTA: usize = 10_240;

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
