//! UpdateUserPool: sets everything that can change, to what is given or to its default.

use base::Caller;
use facts::cognito_idp::{UpdateUserPoolError, UpdateUserPoolRequest, UpdateUserPoolResponse};
use store::Batch;

use super::configuration;
use crate::{raise::Raise, rows::UserPoolRow, service::Service};

pub async fn update_user_pool(
    service: &Service,
    _caller: &Caller,
    input: UpdateUserPoolRequest,
) -> Result<UpdateUserPoolResponse, Raise<UpdateUserPoolError>> {
    let before = super::fresh(service, &input.user_pool_id).await?;
    let mut pool = configuration::of_update(&input, &before.value.pool)?;
    pool.last_modified_date = Some(service.clock.now().epoch_seconds());
    let after = UserPoolRow { pool, ..before.value.clone() };
    service.store.commit(Batch::new().replace(&before, &after)).await?;
    service.directory.forget_pool(&input.user_pool_id);
    Ok(UpdateUserPoolResponse {})
}
