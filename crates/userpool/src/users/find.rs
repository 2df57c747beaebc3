//! Finds someone by a name they may sign in with.

use store::{Query, Store, StoreError, Versioned};

use crate::{
    directory::Pool,
    rows::{AliasKind, AliasRow, UserRow},
};

/// Bytes of the longest name that anyone has: 128 characters, lower-cased.
pub const LONGEST: usize = 768;

/// Where a name leads.
pub enum Named {
    User(Box<Versioned<UserRow>>),
    /// To whom, if the alias is still theirs.
    Alias(AliasRow),
    Nobody,
}

/// By username, or by an e-mail address, phone number or preferred username that is theirs in this pool. One read.
pub async fn look_up(store: &Store, pool: &Pool, name: &str) -> Result<Named, StoreError> {
    let key = pool.normalised(name);
    if key.is_empty() || key.len() > LONGEST {
        return Ok(Named::Nobody);
    }
    let keys: Vec<String> = AliasKind::ALL
        .into_iter()
        .filter(|kind| pool.is_alias(kind.attribute()) || pool.is_username_attribute(kind.attribute()))
        .map(|kind| kind.key(&key))
        .collect();
    let ids: Vec<(&str, &str)> = keys.iter().map(|key| (pool.id(), key.as_str())).collect();
    let (user, aliases) = store.get_with::<UserRow, AliasRow>((pool.id(), &key), &ids).await?;
    Ok(match (user, aliases.into_iter().flatten().next()) {
        (Some(user), _) => Named::User(Box::new(user)),
        (None, Some(alias)) => Named::Alias(alias.value),
        (None, None) => Named::Nobody,
    })
}

pub async fn find(store: &Store, pool: &Pool, name: &str) -> Result<Option<Versioned<UserRow>>, StoreError> {
    match look_up(store, pool, name).await? {
        Named::User(user) => Ok(Some(*user)),
        Named::Alias(alias) => {
            let user = store.get::<UserRow>(pool.id(), &alias.username_key).await?;
            Ok(user.filter(|user| user.value.sub == alias.sub))
        }
        Named::Nobody => Ok(None),
    }
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
