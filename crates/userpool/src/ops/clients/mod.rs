//! App clients: made, shown, changed, deleted.

pub mod create_user_pool_client;
pub mod delete_user_pool_client;
pub mod describe_user_pool_client;
pub mod list_user_pool_clients;
mod settings;
pub mod update_user_pool_client;

use store::Versioned;

use crate::{
    raise::{Raise, ResourceNotFoundException},
    rows::UserPoolClientRow,
    service::Service,
};

/// The client as it is in the store: what is to be changed is read fresh.
async fn fresh<E: From<ResourceNotFoundException>>(
    service: &Service,
    pool_id: &str,
    client_id: &str,
) -> Result<Versioned<UserPoolClientRow>, Raise<E>> {
    match service.store.get::<UserPoolClientRow>(pool_id, client_id).await? {
        Some(row) => Ok(row),
        None => {
            Err(ResourceNotFoundException(format!("User pool client {client_id} does not exist.")).into())
        }
    }
}
