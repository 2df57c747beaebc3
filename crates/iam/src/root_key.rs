//! The root access key: made on the first start, or given.

use base::{AwsError, Secret};
use store::Batch;

use crate::{
    Iam,
    failure::Failure,
    rows::{AccessKeyRow, KeyOwner, KeyStatus, RootRow},
};

/// The keys of the account's root user, who may do everything.
#[derive(Clone, Debug)]
pub struct RootKey {
    pub access_key_id: String,
    pub secret_access_key: Secret<String>,
}

impl Iam {
    /// The one root key: `given` where there is one (a key made or given earlier then stops working), else the one that
    /// is there, else a new one. Nodes that start at once come to the same key.
    pub async fn ensure_root_key(&self, given: Option<RootKey>) -> Result<RootKey, AwsError> {
        if let Some(given) = &given {
            check(given)?;
        }
        let given = given.as_ref();
        let settled: Result<RootKey, Failure> =
            self.inner.store.decide(async || self.decide_root_key(given).await).await;
        self.inner.cache.clear();
        settled.map_err(AwsError::from)
    }

    async fn decide_root_key(&self, given: Option<&RootKey>) -> Result<(Batch, RootKey), Failure> {
        let inner = &self.inner;
        let account = inner.account();
        let pointer = inner.store.get::<RootRow>(account, "root").await?;
        let current = match &pointer {
            Some(pointer) => inner.store.get::<AccessKeyRow>(account, &pointer.value.access_key_id).await?,
            None => None,
        };
        let current = match current {
            Some(row) => Some(RootKey {
                secret_access_key: inner.open_secret(&row.value)?,
                access_key_id: row.value.access_key_id,
            }),
            None => None,
        };
        let wanted = match (given, current) {
            (None, Some(current)) => return Ok((Batch::new(), current)),
            (Some(given), Some(current)) if same(given, &current) => return Ok((Batch::new(), current)),
            (Some(given), _) => given.clone(),
            (None, None) => {
                RootKey { access_key_id: inner.new_access_key_id(), secret_access_key: inner.new_secret() }
            }
        };
        let row = AccessKeyRow {
            account: account.to_owned(),
            access_key_id: wanted.access_key_id.clone(),
            owner: KeyOwner::Root,
            sealed_secret: inner.seal_secret(&wanted.access_key_id, &wanted.secret_access_key)?,
            status: KeyStatus::Active,
            created_at: inner.clock.now(),
        };
        let root = RootRow { account: account.to_owned(), access_key_id: wanted.access_key_id.clone() };
        let batch = match &pointer {
            None => Batch::new().insert(&root),
            Some(pointer) if pointer.value.access_key_id == wanted.access_key_id => {
                Batch::new().replace(pointer, &root)
            }
            Some(pointer) => Batch::new()
                .replace(pointer, &root)
                .delete::<AccessKeyRow>(account, &pointer.value.access_key_id),
        };
        Ok((batch.put(&row), wanted))
    }
}

fn same(left: &RootKey, right: &RootKey) -> bool {
    let secret = |key: &RootKey| key.secret_access_key.expose().clone().into_bytes();
    left.access_key_id == right.access_key_id
        && crypto::digest::constant_time_eq(&secret(left), &secret(right))
}

/// Shapes that every AWS tool takes.
fn check(key: &RootKey) -> Result<(), AwsError> {
    let id = key.access_key_id.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if !(16..=128).contains(&id.len()) || !id.iter().all(plain) || id.starts_with(b"ASIA") {
        return Err(AwsError::client(
            "ValidationError",
            "the root access key id must be 16 to 128 letters, digits and underscores, and not begin with ASIA",
        ));
    }
    let secret = key.secret_access_key.expose();
    if secret.len() < 16 || !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(AwsError::client(
            "ValidationError",
            "the root secret access key must be at least 16 characters, without spaces",
        ));
    }
    Ok(())
}
