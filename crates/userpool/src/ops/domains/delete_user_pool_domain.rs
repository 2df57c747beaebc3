//! DeleteUserPoolDomain.

use base::Caller;
use facts::cognito_idp::{
    DeleteUserPoolDomainError, DeleteUserPoolDomainRequest, DeleteUserPoolDomainResponse,
};
use store::{Batch, Versioned};

use crate::{
    ops::pools,
    raise::{InvalidParameterException, Raise},
    rows::{DOMAINS, DomainRow, UserPoolRow},
    service::Service,
};

pub async fn delete_user_pool_domain(
    service: &Service,
    _caller: &Caller,
    input: DeleteUserPoolDomainRequest,
) -> Result<DeleteUserPoolDomainResponse, Raise<DeleteUserPoolDomainError>> {
    let row = of_pool::<DeleteUserPoolDomainError>(service, &input.user_pool_id, &input.domain).await?;
    let before = pools::fresh(service, &input.user_pool_id).await?;
    let mut pool = before.value.pool.clone();
    pool.domain = None;
    let after = UserPoolRow { pool, ..before.value.clone() };
    service.store.commit(Batch::new().spend(&row).replace(&before, &after)).await?;
    service.directory.forget_pool(&input.user_pool_id);
    Ok(DeleteUserPoolDomainResponse {})
}

/// The domain, where it is this pool's.
pub async fn of_pool<E: From<InvalidParameterException>>(
    service: &Service,
    pool_id: &str,
    domain: &str,
) -> Result<Versioned<DomainRow>, Raise<E>> {
    let row = service.store.get::<DomainRow>(DOMAINS, domain).await?;
    match row.filter(|row| row.value.user_pool_id == pool_id) {
        Some(row) => Ok(row),
        None => Err(InvalidParameterException(String::from("No such domain or user pool exists.")).into()),
    }
}
