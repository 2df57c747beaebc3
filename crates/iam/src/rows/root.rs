//! The account's root access key: there is one.

use serde::{Deserialize, Serialize};
use store::Collection;

/// Points to the [`super::AccessKeyRow`] that is the root user's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RootRow {
    pub account: String,
    pub access_key_id: String,
}

impl Collection for RootRow {
    const NAME: &'static str = "iam_root";

    fn partition(&self) -> &str {
        &self.account
    }

    fn key(&self) -> String {
        String::from("root")
    }
}
