//! Ends sign-ins.

use store::{Batch, CommitError, Query, Versioned};

use super::{refresh::family_of, refresh_token::RefreshToken};
use crate::{
    directory::{Client, Pool},
    raise::Raise,
    rows::{RefreshFamilyRow, UserRow},
    service::Service,
};

/// Whether what was shown is a refresh token of this client at all. If it is, its family is gone after this.
pub async fn revoke<E>(
    service: &Service,
    pool: &Pool,
    client: &Client,
    token: &str,
) -> Result<bool, Raise<E>> {
    if RefreshToken::open(token, &service.sealer, pool.id(), client.id()).is_none() {
        return Ok(false);
    }
    if let Some(family) = family_of(service, pool, client, token).await? {
        let batch = Batch::new().delete::<RefreshFamilyRow>(pool.id(), &family.value.origin_jti);
        service.store.commit(batch).await?;
    }
    Ok(true)
}

/// Ends every sign-in of a user: none that began before now is good any more, at any node.
pub async fn revoke_all<E>(service: &Service, user: &Versioned<UserRow>) -> Result<(), Raise<E>> {
    let mut user = user.clone();
    loop {
        let mut after = user.value.clone();
        after.tokens_valid_after = service.clock.now();
        match service.store.commit(Batch::new().replace(&user, &after)).await {
            Ok(()) => break,
            Err(CommitError::Conflict(_)) => {}
            Err(other) => return Err(other.into()),
        }
        let again = service.store.get::<UserRow>(&after.user_pool_id, &after.username_key).await?;
        match again.filter(|again| again.value.sub == after.sub) {
            Some(again) => user = again,
            // Deleted meanwhile: nothing to end.
            None => return Ok(()),
        }
    }
    forget_families(service, &user.value.user_pool_id, &user.value.sub).await
}

/// Takes away the rows of a user's sign-ins.
pub async fn forget_families<E>(service: &Service, pool_id: &str, sub: &str) -> Result<(), Raise<E>> {
    loop {
        let query = Query::<RefreshFamilyRow>::in_partition(pool_id).index("by_sub").equals(sub).limit(200);
        let page = service.store.query(query).await?;
        if page.rows.is_empty() {
            return Ok(());
        }
        let batch = page.rows.iter().fold(Batch::new(), |batch, row| {
            batch.delete::<RefreshFamilyRow>(pool_id, &row.value.origin_jti)
        });
        service.store.commit(batch).await?;
    }
}
