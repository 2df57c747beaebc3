//! Other names to sign in with, each belonging to one user of its pool.

use serde::{Deserialize, Serialize};
use store::Collection;

/// A username attribute (unique from the moment it is given), or an alias (unique once verified).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasRow {
    pub user_pool_id: String,
    pub kind: AliasKind,
    /// The value as the pool compares it.
    pub value: String,
    pub username_key: String,
    pub sub: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    Email,
    PhoneNumber,
    PreferredUsername,
}

impl AliasKind {
    pub const ALL: [Self; 3] = [Self::Email, Self::PhoneNumber, Self::PreferredUsername];

    /// The attribute's name.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::PhoneNumber => "phone_number",
            Self::PreferredUsername => "preferred_username",
        }
    }

    pub fn key(self, value: &str) -> String {
        format!("{}/{value}", self.attribute())
    }
}

impl Collection for AliasRow {
    const NAME: &'static str = "user_pool_alias";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.kind.key(&self.value)
    }
}
