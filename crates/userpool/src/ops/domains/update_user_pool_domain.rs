//! UpdateUserPoolDomain: which version of the pages a domain shows. There is one here; the number is kept.

use base::Caller;
use facts::cognito_idp::{
    UpdateUserPoolDomainError, UpdateUserPoolDomainRequest, UpdateUserPoolDomainResponse,
};
use store::Batch;

use crate::{
    raise::{Raise, invalid},
    service::Service,
};

pub async fn update_user_pool_domain(
    service: &Service,
    _caller: &Caller,
    input: UpdateUserPoolDomainRequest,
) -> Result<UpdateUserPoolDomainResponse, Raise<UpdateUserPoolDomainError>> {
    if input.custom_domain_config.is_some() {
        return Err(invalid("Custom domains are not built in this server yet."));
    }
    let before = super::delete_user_pool_domain::of_pool(service, &input.user_pool_id, &input.domain).await?;
    let mut after = before.value.clone();
    if let Some(version) = input.managed_login_version {
        after.description.managed_login_version = Some(version);
    }
    service.store.commit(Batch::new().replace(&before, &after)).await?;
    Ok(UpdateUserPoolDomainResponse {
        managed_login_version: after.description.managed_login_version,
        ..UpdateUserPoolDomainResponse::default()
    })
}
