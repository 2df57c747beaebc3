//! DeleteUserPoolClient: the app can ask no more; what it was given before runs out by itself.

use base::Caller;
use facts::{
    Empty,
    cognito_idp::{DeleteUserPoolClientError, DeleteUserPoolClientRequest},
};
use store::Batch;

use crate::{
    raise::Raise,
    rows::{CLIENT_IDS, ClientIdRow, UserPoolClientRow},
    service::Service,
};

pub async fn delete_user_pool_client(
    service: &Service,
    _caller: &Caller,
    input: DeleteUserPoolClientRequest,
) -> Result<Empty, Raise<DeleteUserPoolClientError>> {
    let (pool_id, client_id) = (&input.user_pool_id, &input.client_id);
    service.directory.pool::<DeleteUserPoolClientError>(pool_id).await?;
    let row = super::fresh::<DeleteUserPoolClientError>(service, pool_id, client_id).await?;
    let batch = Batch::new()
        .expect(&row)
        .delete::<UserPoolClientRow>(pool_id, client_id)
        .delete::<ClientIdRow>(CLIENT_IDS, client_id);
    service.store.commit(batch).await?;
    service.directory.forget_client(client_id);
    Ok(Empty {})
}
