//! What administrators do with the people of a pool. The callers are signed and allowed by policy; no client stands
//! between them and the user, so nothing is hidden from them.

pub mod admin_confirm_sign_up;
pub mod admin_create_user;
pub mod admin_delete_user;
pub mod admin_delete_user_attributes;
pub mod admin_disable_user;
pub mod admin_enable_user;
pub mod admin_get_user;
pub mod admin_reset_user_password;
pub mod admin_set_user_password;
pub mod admin_update_user_attributes;
pub mod admin_user_global_sign_out;
mod filter;
mod invitation;
pub mod list_users;

use std::sync::Arc;

use store::{Batch, CommitError, Versioned};

use crate::{
    directory::Pool,
    raise::{Raise, ResourceNotFoundException, UserNotFoundException},
    rows::UserRow,
    service::Service,
    users::{self, aliases, aliases::Taken},
};

/// The pool and the user that a request names: by username, alias or `sub`.
async fn named<E>(
    service: &Service,
    pool_id: &str,
    username: &str,
) -> Result<(Arc<Pool>, Versioned<UserRow>), Raise<E>>
where
    E: From<ResourceNotFoundException> + From<UserNotFoundException>,
{
    let pool = service.directory.pool(pool_id).await?;
    match users::find_for_admin(&service.store, &pool, username).await? {
        Some(user) => Ok((pool, user)),
        None => Err(UserNotFoundException(String::from("User does not exist.")).into()),
    }
}

/// Changes a user and whatever names follow from it; from the start again where somebody else wrote meanwhile. `taken`
/// words the refusal where a name that the change would gain is somebody else's.
async fn change<E, F>(
    service: &Service,
    pool_id: &str,
    username: &str,
    taken: fn(&Taken) -> Raise<E>,
    mut edit: F,
) -> Result<UserRow, Raise<E>>
where
    E: From<ResourceNotFoundException> + From<UserNotFoundException>,
    F: FnMut(&Pool, &mut UserRow) -> Result<(), Raise<E>>,
{
    loop {
        let (pool, before) = named(service, pool_id, username).await?;
        let mut after = before.value.clone();
        edit(&pool, &mut after)?;
        after.modified_at = service.clock.now();
        let change = aliases::change(&pool, Some(&before.value), Some(&after));
        if let Some(found) = change.taken(&service.store).await? {
            return Err(taken(&found));
        }
        match service.store.commit(change.write(Batch::new().replace(&before, &after))).await {
            Ok(()) => return Ok(after),
            Err(CommitError::Conflict(_)) => {}
            Err(other) => return Err(other.into()),
        }
    }
}

/// For changes that gain no name; if one should after all, the caller may try again.
fn never<E>(_: &Taken) -> Raise<E> {
    Raise::Busy
}
