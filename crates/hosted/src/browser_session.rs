//! The cookie that remembers a browser, and its row.

use base::{Timestamp, ids::ALPHANUMERIC};
use http::{HeaderMap, HeaderValue};
use ports::{Rng, RngExt};
use store::{Batch, CommitError, Store, StoreError};

use crate::{
    cookies,
    domain::HostedDomain,
    rows::{HostedSessionRow, SESSION_SECONDS},
};

/// Cognito's own name for it.
pub const COOKIE: &str = "cognito";
const LENGTH: usize = 43;

/// Remembers this browser. A new value at each sign-in: one that was planted before is worth nothing after it.
pub async fn begin(
    store: &Store,
    rng: &dyn Rng,
    domain: &HostedDomain,
    now: Timestamp,
    pool_id: &str,
    username_key: &str,
    sub: &str,
) -> Result<Option<HeaderValue>, CommitError> {
    let value = rng.string(ALPHANUMERIC, LENGTH);
    let row = HostedSessionRow {
        user_pool_id: pool_id.to_owned(),
        cookie_hash: hash(&value),
        username_key: username_key.to_owned(),
        sub: sub.to_owned(),
        signed_in_at: now,
        expires_at: now.plus_seconds(SESSION_SECONDS),
    };
    store.commit(Batch::new().insert(&row)).await?;
    Ok(cookies::write(&domain.cookie_scope(), COOKIE, &value, Some(SESSION_SECONDS as u32)))
}

pub async fn current(
    store: &Store,
    pool_id: &str,
    headers: &HeaderMap,
) -> Result<Option<HostedSessionRow>, StoreError> {
    let Some(value) = cookies::read(headers, COOKIE).filter(|value| value.len() == LENGTH) else {
        return Ok(None);
    };
    Ok(store.get::<HostedSessionRow>(pool_id, &hash(value)).await?.map(|row| row.value))
}

/// Forgets this browser, here and in its cookie.
pub async fn end(
    store: &Store,
    domain: &HostedDomain,
    pool_id: &str,
    headers: &HeaderMap,
) -> Result<Option<HeaderValue>, CommitError> {
    if let Some(value) = cookies::read(headers, COOKIE).filter(|value| value.len() == LENGTH) {
        store.commit(Batch::new().delete::<HostedSessionRow>(pool_id, &hash(value))).await?;
    }
    Ok(cookies::write(&domain.cookie_scope(), COOKIE, "", Some(0)))
}

fn hash(value: &str) -> String {
    crypto::digest::sha256_hex(value.as_bytes())
}
