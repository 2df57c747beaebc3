//! Pools: made, shown, changed, deleted.

pub mod add_custom_attributes;
mod configuration;
pub mod create_user_pool;
pub mod delete_user_pool;
pub mod describe_user_pool;
pub mod get_user_pool_mfa_config;
pub mod list_tags_for_resource;
pub mod list_user_pools;
pub mod set_user_pool_mfa_config;
pub mod tag_resource;
pub mod untag_resource;
pub mod update_user_pool;

use store::Versioned;

use crate::{
    raise::{Raise, ResourceNotFoundException},
    rows::UserPoolRow,
    service::Service,
};

/// The pool as it is in the store: what is to be changed is read fresh.
pub(super) async fn fresh<E: From<ResourceNotFoundException>>(
    service: &Service,
    pool_id: &str,
) -> Result<Versioned<UserPoolRow>, Raise<E>> {
    match service.store.get::<UserPoolRow>(pool_id, pool_id).await? {
        Some(row) => Ok(row),
        None => Err(ResourceNotFoundException(format!("User pool {pool_id} does not exist.")).into()),
    }
}
