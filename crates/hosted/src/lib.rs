//! Hosted sign-in: OAuth 2 and OpenID Connect endpoints, and the pages that people see.
//!
//! A domain belongs to one user pool. Every page carries the authorization request of the app in its address, checks it
//! anew each time, and asks the one sign-in engine ([`engine`]); what stands between two pages is sealed ([`steps`]).

pub mod authorization_request;
pub mod browser_session;
pub mod client_settings;
mod cookies;
mod csrf;
pub mod domain;
mod endpoints;
mod engine;
mod grants;
mod oauth_error;
mod pages;
mod rows;
mod security_headers;
mod steps;
mod visit;

use std::sync::Arc;

use base::AwsError;
use crypto::seal::Sealer;
pub use domain::HostedDomain;
use ports::{Clock, Rng};
use store::Store;
use userpool::{Pool, UserPools};

/// What [`Hosted::new`] stands on.
#[derive(Clone)]
pub struct Parts {
    pub user_pools: UserPools,
    pub store: Store,
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

/// The hosted pages of every domain. Cheap to clone.
#[derive(Clone)]
pub struct Hosted {
    parts: Arc<Parts>,
}

impl Hosted {
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    pub(crate) async fn pool_of_domain(&self, domain: &str) -> Result<Option<Arc<Pool>>, AwsError> {
        match self.user_pools.find_domain(domain).await? {
            Some(row) => self.user_pools.find_pool(&row.user_pool_id).await,
            None => Ok(None),
        }
    }

    /// Routes for one domain, without what stands before them in the path form. The front door puts a [`HostedDomain`]
    /// and a [`base::Caller`] into each request's extensions.
    pub fn router(&self) -> axum::Router {
        endpoints::router(self.clone())
    }
}

impl std::ops::Deref for Hosted {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}
