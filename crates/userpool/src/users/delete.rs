//! Someone goes, and everything that was theirs.

use store::{Batch, CommitError, Query, Versioned};

use super::aliases;
use crate::{
    directory::Pool,
    flows::lockout,
    raise::Raise,
    rows::{AttemptsRow, CodeRow, UserRow},
    service::Service,
    tokens,
};

/// The user and their names in one commit; their codes and sign-ins name their `sub`, which nobody has again, and are
/// swept up after it.
pub async fn delete<E>(service: &Service, pool: &Pool, user: Versioned<UserRow>) -> Result<(), Raise<E>> {
    let mut user = user;
    loop {
        let change = aliases::change(pool, Some(&user.value), None);
        let key = lockout::key(pool, &user.value.username_key);
        let batch = change.write(Batch::new().spend(&user)).delete::<AttemptsRow>(pool.id(), &key);
        match service.store.commit(batch).await {
            Ok(()) => break,
            Err(CommitError::Conflict(_)) => {}
            Err(other) => return Err(other.into()),
        }
        let again = service.store.get::<UserRow>(pool.id(), &user.value.username_key).await?;
        match again.filter(|again| again.value.sub == user.value.sub) {
            Some(again) => user = again,
            None => return Ok(()),
        }
    }
    let sub = &user.value.sub;
    tokens::forget_families(service, pool.id(), sub).await?;
    let codes = Query::<CodeRow>::in_partition(pool.id()).starts_with(format!("{sub}/")).limit(50);
    let codes = service.store.query(codes).await?.rows;
    let batch = codes.iter().fold(Batch::new(), |batch, row| {
        batch.delete::<CodeRow>(pool.id(), &row.value.purpose.key(&row.value.sub))
    });
    if !batch.is_empty() {
        service.store.commit(batch).await?;
    }
    Ok(())
}
