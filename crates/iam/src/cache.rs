//! What every request needs, held in memory: keys, and what users and roles may do. Dropped when a commit, here or on
//! another node, changes it; on this node before the call that changed it answers.

use std::sync::{
    Arc, Weak,
    atomic::{AtomicU64, Ordering},
};

use base::Secret;
use ports::credentials::TemporaryCredentials;
use store::{Collection, engine::Change};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    Inner,
    failure::Failure,
    policy::{Kind, Policy, managed},
    rows::{AccessKeyRow, Holder, KeyOwner, KeyStatus, ManagedPolicyRow, RoleRow, RootRow, UserRow, key_of},
};

const KEYS: usize = 10_000;
const HOLDERS: usize = 10_000;
const FUNCTIONS: usize = 1_000;

/// A long-term key, opened.
#[derive(Debug)]
pub(crate) struct CachedKey {
    pub owner: KeyOwner,
    pub secret: Secret<String>,
    pub status: KeyStatus,
}

/// A user or role, its policies read.
#[derive(Debug)]
pub(crate) struct CachedHolder {
    pub id: String,
    pub arn: String,
    pub name: String,
    pub policies: Vec<Arc<Policy>>,
    /// `Some` also for a boundary that is gone, which then allows nothing.
    pub boundary: Option<Option<Arc<Policy>>>,
    /// A role's.
    pub trust: Option<Arc<Policy>>,
    pub max_session_duration: i64,
    pub tags: Vec<(String, String)>,
}

pub(crate) struct Cache {
    keys: quick_cache::sync::Cache<String, Arc<CachedKey>>,
    /// By noun and name: `role/worker`.
    holders: quick_cache::sync::Cache<String, Arc<CachedHolder>>,
    /// Handed to functions, by the role's id and the session's name. Never stale: they are looked at again when used.
    pub(crate) function_keys: quick_cache::sync::Cache<(String, String), TemporaryCredentials>,
    /// Grows with every drop: what was read before one must not be put in after it.
    drops: AtomicU64,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            keys: quick_cache::sync::Cache::new(KEYS),
            holders: quick_cache::sync::Cache::new(HOLDERS),
            function_keys: quick_cache::sync::Cache::new(FUNCTIONS),
            drops: AtomicU64::new(0),
        }
    }
}

impl Cache {
    pub(crate) fn clear(&self) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.keys.clear();
        self.holders.clear();
    }

    pub(crate) fn drop_key(&self, access_key_id: &str) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.keys.remove(access_key_id);
    }

    pub(crate) fn drop_holder<H: Holder>(&self, name: &str) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.holders.remove(&holder_key::<H>(name));
    }

    /// A managed policy changed: it may be anyone's.
    pub(crate) fn drop_holders(&self) {
        self.drops.fetch_add(1, Ordering::SeqCst);
        self.holders.clear();
    }

    fn forget(&self, change: &Change) {
        match change.collection.as_str() {
            AccessKeyRow::NAME => self.drop_key(&change.key),
            RoleRow::NAME => self.drop_holder::<RoleRow>(&change.key),
            UserRow::NAME => self.drop_holder::<UserRow>(&change.key),
            ManagedPolicyRow::NAME => self.drop_holders(),
            RootRow::NAME => self.clear(),
            _ => {}
        }
    }
}

fn holder_key<H: Holder>(name: &str) -> String {
    format!("{}/{}", H::NOUN, key_of(name))
}

/// Ends when the last clone of the room is gone and the store says something, or the store is gone.
pub(crate) fn follow_changes(inner: &Arc<Inner>) {
    let mut changes = inner.store.changes();
    let inner: Weak<Inner> = Arc::downgrade(inner);
    tokio::spawn(async move {
        loop {
            let change = changes.recv().await;
            let Some(inner) = inner.upgrade() else { return };
            match change {
                Ok(change) => inner.cache.forget(&change),
                Err(RecvError::Lagged(_)) => inner.cache.clear(),
                Err(RecvError::Closed) => return,
            }
        }
    });
}

impl Inner {
    /// `None` where there is no such key.
    pub(crate) async fn key(&self, access_key_id: &str) -> Result<Option<Arc<CachedKey>>, Failure> {
        if let Some(key) = self.cache.keys.get(access_key_id) {
            return Ok(Some(key));
        }
        let drops = self.cache.drops.load(Ordering::SeqCst);
        let Some(row) = self.store.get::<AccessKeyRow>(self.account(), access_key_id).await? else {
            return Ok(None);
        };
        let key = Arc::new(CachedKey {
            secret: self.open_secret(&row.value)?,
            owner: row.value.owner,
            status: row.value.status,
        });
        if self.cache.drops.load(Ordering::SeqCst) == drops {
            self.cache.keys.insert(access_key_id.to_owned(), Arc::clone(&key));
        }
        Ok(Some(key))
    }

    pub(crate) async fn user(&self, name: &str) -> Result<Option<Arc<CachedHolder>>, Failure> {
        self.holder::<UserRow>(name, |_| (None, 0)).await
    }

    pub(crate) async fn role(&self, name: &str) -> Result<Option<Arc<CachedHolder>>, Failure> {
        self.holder::<RoleRow>(name, |role| (Some(role.trust.as_str()), role.max_session_duration)).await
    }

    async fn holder<H: Holder>(
        &self,
        name: &str,
        as_role: impl Fn(&H) -> (Option<&str>, i64),
    ) -> Result<Option<Arc<CachedHolder>>, Failure> {
        let key = holder_key::<H>(name);
        if let Some(holder) = self.cache.holders.get(&key) {
            return Ok(Some(holder));
        }
        let drops = self.cache.drops.load(Ordering::SeqCst);
        let Some(row) = self.store.get::<H>(self.account(), &key_of(name)).await? else {
            return Ok(None);
        };
        let row = row.value;
        let permissions = row.permissions();
        let mut policies = Vec::with_capacity(permissions.inline.len() + permissions.attached.len());
        for document in permissions.inline.values() {
            policies.push(Arc::new(stored(document, Kind::Identity)?));
        }
        for arn in &permissions.attached {
            policies.extend(self.managed_policy(arn).await?);
        }
        let boundary = match &permissions.boundary {
            Some(arn) => Some(self.managed_policy(arn).await?),
            None => None,
        };
        let (trust, max_session_duration) = as_role(&row);
        let holder = Arc::new(CachedHolder {
            id: row.id().to_owned(),
            arn: row.arn().to_owned(),
            name: row.name().to_owned(),
            policies,
            boundary,
            trust: trust.map(|document| stored(document, Kind::Trust)).transpose()?.map(Arc::new),
            max_session_duration,
            tags: row.tags().iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        });
        if self.cache.drops.load(Ordering::SeqCst) == drops {
            self.cache.holders.insert(key, Arc::clone(&holder));
        }
        Ok(Some(holder))
    }

    /// A managed policy's document in force, AWS's or the account's.
    pub(crate) async fn managed_policy(&self, arn: &str) -> Result<Option<Arc<Policy>>, Failure> {
        if let Some((_, policy)) = managed(arn) {
            return Ok(Some(policy));
        }
        let name = arn.rsplit('/').next().unwrap_or_default();
        let row = self.store.get::<ManagedPolicyRow>(self.account(), &key_of(name)).await?;
        match row.filter(|row| row.value.arn == arn) {
            Some(row) => {
                let document = row.value.document().unwrap_or_default();
                Ok(Some(Arc::new(stored(document, Kind::Identity)?)))
            }
            None => Ok(None),
        }
    }
}

/// Documents are checked before they are stored; one that does not read must not open anything, so it is no answer.
fn stored(document: &str, kind: Kind) -> Result<Policy, Failure> {
    Policy::parse(document, kind).map_err(|cause| Failure::Internal(format!("a stored policy: {cause}")))
}
