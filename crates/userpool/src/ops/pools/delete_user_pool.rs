//! DeleteUserPool: the pool, and everyone in it.

use base::Caller;
use facts::{
    Empty,
    cognito_idp::{DeleteUserPoolError, DeleteUserPoolRequest},
};
use store::{Batch, Query};

use crate::{
    purge,
    raise::{Raise, invalid},
    rows::{CLIENT_IDS, ClientIdRow, UserPoolClientRow, UserPoolRow},
    service::Service,
};

/// The pool and its clients go in one commit, after which nothing of it answers; people and what belongs to them are swept
/// away behind it, also when the server is stopped in between.
pub async fn delete_user_pool(
    service: &Service,
    _caller: &Caller,
    input: DeleteUserPoolRequest,
) -> Result<Empty, Raise<DeleteUserPoolError>> {
    let id = &input.user_pool_id;
    let row = super::fresh(service, id).await?;
    let pool = &row.value.pool;
    if pool.deletion_protection.as_deref() == Some("ACTIVE") {
        return Err(invalid(
            "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.",
        ));
    }
    if pool.domain.is_some() || pool.custom_domain.is_some() {
        return Err(invalid(
            "User pool cannot be deleted. It has a domain configured that should be deleted first.",
        ));
    }
    let clients = service.store.query_all(Query::<UserPoolClientRow>::in_partition(id)).await?;
    let mut batch = Batch::new().expect(&row).delete::<UserPoolRow>(id, id).and(purge::due(id));
    for client in &clients {
        let client_id = &client.value.client_id;
        batch = batch.delete::<UserPoolClientRow>(id, client_id).delete::<ClientIdRow>(CLIENT_IDS, client_id);
    }
    service.store.commit(batch).await?;
    service.directory.forget_pool(id);
    service.keys.forget(id);
    for client in &clients {
        service.directory.forget_client(&client.value.client_id);
    }
    purge::pool(&service.store, id).await?;
    Ok(Empty {})
}
