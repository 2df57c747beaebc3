//! What drives stacks: everything a step needs, and how it is stopped short in tests.

use std::{sync::Arc, time::Duration};

use base::{AccountId, Region};
use ports::{Clock, Rng};
use store::{CommitError, Store, StoreError};

use crate::{
    resources::Registry,
    rows::{Principal, StackRow},
    vault::{Seal, Vault},
};

#[derive(Clone, Debug)]
pub struct Config {
    pub region: Region,
    pub account: AccountId,
    /// `AWS::URLSuffix`.
    pub url_suffix: String,
    /// How many resources of one stack are worked on at a time.
    pub parallel: usize,
    /// How long one attempt at a resource may take.
    pub resource_deadline: Duration,
    /// The pause before the first further attempt; it doubles.
    pub retry_pause: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            region: Region::default(),
            account: AccountId::default(),
            url_suffix: String::from("amazonaws.com"),
            parallel: 10,
            resource_deadline: Duration::from_secs(300),
            retry_pause: Duration::from_millis(200),
        }
    }
}

/// Whether a principal may do something that a resource needs: the engine acts with the caller's rights (or the
/// service role's), never with its own.
#[async_trait::async_trait]
pub trait Authority: Send + Sync + 'static {
    /// `Err` says why not, as IAM words it.
    async fn allows(&self, principal: &Principal, action: &str, resource: &str) -> Result<(), String>;

    /// Whom a service role acts as.
    async fn role(&self, role_arn: &str) -> Result<Principal, String>;
}

/// Asked at every step that a crash could come before or after. Production has none.
pub trait Fault: Send + Sync + 'static {
    /// `true`: the driver ends here, as if the process had.
    fn strikes(&self, step: &str) -> bool;
}

pub struct Engine {
    pub config: Config,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub registry: Registry,
    pub seal: Arc<dyn Seal>,
    pub authority: Arc<dyn Authority>,
    pub fault: Option<Arc<dyn Fault>>,
}

/// Why a driver does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    #[error("stopped by a fault under test")]
    Stopped,
    /// Someone else wrote; read again.
    #[error("the rows changed meanwhile")]
    Conflict,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Unreadable(String),
}

impl From<CommitError> for Halt {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) => Self::Conflict,
            CommitError::Store(cause) => Self::Store(cause),
            CommitError::Unwritable(cause) => Self::Unreadable(cause),
        }
    }
}

impl Engine {
    /// The partition of everything here.
    pub fn home(&self) -> String {
        format!("{}/{}", self.config.account, self.config.region)
    }

    pub fn vault(&self) -> Vault<'_> {
        Vault(self.seal.as_ref())
    }

    pub fn checkpoint(&self, step: &str) -> Result<(), Halt> {
        match &self.fault {
            Some(fault) if fault.strikes(step) => Err(Halt::Stopped),
            _ => Ok(()),
        }
    }

    pub async fn stack(&self, id: &str) -> Result<Option<store::Versioned<StackRow>>, Halt> {
        match self.store.get::<StackRow>(&self.home(), id).await? {
            Some(read) => Ok(Some(store::Versioned {
                value: self.vault().opened_stack(&read.value).map_err(Halt::Unreadable)?,
                version: read.version,
            })),
            None => Ok(None),
        }
    }
}
