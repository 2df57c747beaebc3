//! Domains of hosted pages.

use facts::cognito_idp::DomainDescriptionType;
use serde::{Deserialize, Serialize};
use store::Collection;

/// The one partition of [`DomainRow`]: a domain belongs to one pool of the server.
pub const DOMAINS: &str = "domains";

/// `domain` is a prefix (`my-app`) or, with a `CustomDomainConfig`, a whole host name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DomainRow {
    pub domain: String,
    pub user_pool_id: String,
    pub description: DomainDescriptionType,
}

impl Collection for DomainRow {
    const NAME: &'static str = "user_pool_domain";

    fn partition(&self) -> &str {
        DOMAINS
    }

    fn key(&self) -> String {
        self.domain.clone()
    }

    fn indexes(&self) -> Vec<store::IndexEntry> {
        vec![store::IndexEntry::new("by_pool", &self.user_pool_id)]
    }
}
