//! Who calls, and what they may do: access keys, users, roles, policies, sessions.
//!
//! The front door hands every signed request to [`Iam::authenticate`], which checks the signature and names the
//! [`Principal`], then to [`Iam::authorize`] (or [`Iam::authorize_call`], which knows the action and the resource), and
//! only then to the room that serves it. [`Iam::call`] serves STS, [`Iam::call_iam`] IAM itself; both speak the members of
//! the API models. Functions get keys of their role through `ports::RoleCredentials`.
//!
//! **Replays.** A signature is good for five minutes (fifteen for S3) around its date, for one host, region, service and
//! exact request, body included; it is not remembered, here as on AWS: signatures have one-second dates, so that a client
//! that sends the same call twice within a second sends the same signature twice, honestly, and a presigned URL is made
//! to be used again. What must happen once says so itself: client request tokens, conditional writes, one-time codes.

mod acting;
mod authorize;
mod cache;
mod failure;
mod holders;
mod ops;
mod permission;
pub mod policy;
mod principal;
mod request;
mod role_credentials;
mod roles;
mod root_key;
pub mod rows;
mod secrets;
mod session;
mod sts;

use std::sync::Arc;

use base::{AccountId, Region};
use crypto::seal::Sealer;
use ports::{Clock, Rng};
use store::Store;

pub use authorize::Permissible;
pub use permission::{Permission, permission};
pub use policy::Context;
pub use principal::{Principal, PrincipalKind};
pub use request::{BodyClaim, Payload, is_signed};
pub use roles::{RoleSpec, RoleView};
pub use root_key::RootKey;

/// Cheap to clone.
#[derive(Clone)]
pub struct Iam {
    inner: Arc<Inner>,
}

#[derive(Clone, Debug, Default)]
pub struct Config {
    pub account: AccountId,
    pub region: Region,
}

/// What the room is built from.
pub struct Parts {
    pub config: Config,
    pub store: Store,
    pub sealer: Sealer,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
}

struct Inner {
    config: Config,
    store: Store,
    sealer: Sealer,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    cache: cache::Cache,
}

impl Iam {
    /// Within a tokio runtime: a task drops from memory what other nodes change, for as long as a clone lives.
    pub fn open(parts: Parts) -> Self {
        let Parts { config, store, sealer, clock, rng } = parts;
        let inner = Arc::new(Inner { config, store, sealer, clock, rng, cache: cache::Cache::default() });
        cache::follow_changes(&inner);
        Self { inner }
    }

    pub fn account(&self) -> &AccountId {
        &self.inner.config.account
    }

    pub fn region(&self) -> &Region {
        &self.inner.config.region
    }
}

impl Inner {
    fn account(&self) -> &str {
        self.config.account.as_str()
    }
}
