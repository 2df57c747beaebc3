//! Managed policies of the account ("customer managed"), with up to five versions.

use std::collections::BTreeMap;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

use super::key_of;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManagedPolicyRow {
    pub account: String,
    pub name: String,
    /// `ANPA…`
    pub id: String,
    pub path: String,
    pub arn: String,
    pub description: Option<String>,
    pub versions: Vec<PolicyVersionRow>,
    /// The number of the version in force.
    pub default_version: u64,
    /// The number the next version gets; numbers are not used twice.
    pub next_version: u64,
    pub tags: BTreeMap<String, String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PolicyVersionRow {
    pub number: u64,
    pub document: String,
    pub created_at: Timestamp,
}

impl ManagedPolicyRow {
    /// The document in force.
    pub fn document(&self) -> Option<&str> {
        self.version(self.default_version).map(|version| version.document.as_str())
    }

    pub fn version(&self, number: u64) -> Option<&PolicyVersionRow> {
        self.versions.iter().find(|version| version.number == number)
    }
}

impl Collection for ManagedPolicyRow {
    const NAME: &'static str = "iam_policy";

    fn partition(&self) -> &str {
        &self.account
    }

    fn key(&self) -> String {
        key_of(&self.name)
    }
}
