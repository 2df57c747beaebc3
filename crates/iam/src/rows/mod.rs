//! What is kept: one partition, the account's.

mod access_key;
mod managed_policy;
mod role;
mod root;
mod user;

pub use access_key::{AccessKeyRow, KeyOwner, KeyStatus};
pub use managed_policy::{ManagedPolicyRow, PolicyVersionRow};
pub use role::RoleRow;
pub use root::RootRow;
pub use user::UserRow;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use store::{Collection, IndexEntry};

/// Index of users and roles: one entry for each policy attached or set as boundary, by the policy's ARN.
pub const BY_POLICY: &str = "by_policy";
/// Index of access keys by their user's key.
pub const BY_USER: &str = "by_user";

/// What users and roles have in common: policies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permissions {
    /// Inline policies by name, documents as they were given.
    pub inline: BTreeMap<String, String>,
    /// ARNs.
    pub attached: BTreeSet<String>,
    /// An ARN.
    pub boundary: Option<String>,
}

impl Permissions {
    fn indexes(&self) -> Vec<IndexEntry> {
        let arns: BTreeSet<&String> = self.attached.iter().chain(&self.boundary).collect();
        arns.into_iter().map(|arn| IndexEntry::new(BY_POLICY, arn)).collect()
    }
}

/// A user or a role.
pub trait Holder: Collection {
    /// `user` or `role`, as messages and cache keys say it.
    const NOUN: &'static str;
    /// Characters of all inline policies together that a holder may have, white space aside ("IAM and AWS STS quotas").
    const INLINE_QUOTA: usize;

    fn name(&self) -> &str;
    /// Of another one with the same name it differs.
    fn id(&self) -> &str;
    fn arn(&self) -> &str;
    fn permissions(&self) -> &Permissions;
    fn permissions_mut(&mut self) -> &mut Permissions;
    fn tags(&self) -> &BTreeMap<String, String>;
    fn tags_mut(&mut self) -> &mut BTreeMap<String, String>;
}

/// Names of users, roles and policies are unique in any case.
pub fn key_of(name: &str) -> String {
    name.to_ascii_lowercase()
}
