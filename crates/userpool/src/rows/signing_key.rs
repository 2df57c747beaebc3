//! The keys that sign a pool's tokens: one for ID tokens and one for access tokens, as Cognito's JWKS has them.

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::Collection;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SigningKeyRow {
    pub user_pool_id: String,
    pub key_use: KeyUse,
    pub kid: String,
    /// PKCS #8, sealed.
    pub private_key: String,
    pub created_at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUse {
    Id,
    Access,
}

impl KeyUse {
    pub const BOTH: [Self; 2] = [Self::Id, Self::Access];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Access => "access",
        }
    }
}

/// Keyed by use: two nodes that make a pool's keys at once end with the same ones.
impl Collection for SigningKeyRow {
    const NAME: &'static str = "user_pool_signing_key";

    fn partition(&self) -> &str {
        &self.user_pool_id
    }

    fn key(&self) -> String {
        self.key_use.as_str().to_owned()
    }
}
