//! Data keys as the store holds them: wrapped by a master key that is not in the store.

use serde::{Deserialize, Serialize};

use crate::Collection;

/// The one partition of the keyring.
pub const KEYRING: &str = "keyring";

/// A data key, wrapped. `crypto::seal` makes and opens the wrapping; this is only where it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WrappedDataKeyRow {
    pub id: String,
    /// Text that `crypto::seal::MasterKey` wrote.
    pub wrapped: String,
    /// The data key that new secrets are sealed with; older ones only open.
    pub current: bool,
}

impl Collection for WrappedDataKeyRow {
    const NAME: &'static str = "data_key";

    fn partition(&self) -> &str {
        KEYRING
    }

    fn key(&self) -> String {
        self.id.clone()
    }
}
