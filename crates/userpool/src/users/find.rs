//! Finds someone by a name they may sign in with.

use store::{Query, Store, StoreError, Versioned};

use crate::{
    directory::Pool,
    rows::{AliasKind, AliasRow, UserRow},
};

/// Bytes of the longest name that anyone has: 128 characters, lower-cased.
pub const LONGEST: usize = 768;

/// By username, or by an e-mail address, phone number or preferred username that is theirs in this pool.
pub async fn find(store: &Store, pool: &Pool, name: &str) -> Result<Option<Versioned<UserRow>>, StoreError> {
    let key = pool.normalised(name);
    if key.is_empty() || key.len() > LONGEST {
        return Ok(None);
    }
    if let Some(user) = store.get::<UserRow>(pool.id(), &key).await? {
        return Ok(Some(user));
    }
    let keys: Vec<String> = AliasKind::ALL
        .into_iter()
        .filter(|kind| pool.is_alias(kind.attribute()) || pool.is_username_attribute(kind.attribute()))
        .map(|kind| kind.key(&key))
        .collect();
    if keys.is_empty() {
        return Ok(None);
    }
    let ids: Vec<(&str, &str)> = keys.iter().map(|key| (pool.id(), key.as_str())).collect();
    let Some(alias) = store.get_many::<AliasRow>(&ids).await?.into_iter().flatten().next() else {
        return Ok(None);
    };
    let user = store.get::<UserRow>(pool.id(), &alias.value.username_key).await?;
    Ok(user.filter(|user| user.value.sub == alias.value.sub))
}

pub async fn find_by_sub(
    store: &Store,
    pool_id: &str,
    sub: &str,
) -> Result<Option<Versioned<UserRow>>, StoreError> {
    let query = Query::<UserRow>::in_partition(pool_id).index("by_sub").equals(sub).limit(1);
    Ok(store.query(query).await?.rows.into_iter().next())
}

/// As [`find`], and by `sub`, which admin operations take in a username's place.
pub async fn find_for_admin(
    store: &Store,
    pool: &Pool,
    name: &str,
) -> Result<Option<Versioned<UserRow>>, StoreError> {
    match find(store, pool, name).await? {
        Some(user) => Ok(Some(user)),
        None => find_by_sub(store, pool.id(), name).await,
    }
}
