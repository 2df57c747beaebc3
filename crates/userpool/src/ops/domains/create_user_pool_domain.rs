//! CreateUserPoolDomain: where the pool's hosted pages are found.

use base::Caller;
use facts::cognito_idp::{
    CreateUserPoolDomainError, CreateUserPoolDomainRequest, CreateUserPoolDomainResponse,
    DomainDescriptionType,
};
use store::{Batch, CommitError};

use crate::{
    ops::pools,
    raise::{Raise, invalid},
    rows::{DOMAINS, DomainRow, UserPoolRow},
    service::Service,
};

/// Words that a prefix may not have in it, as on AWS ("Configuring a user pool domain").
const RESERVED: [&str; 3] = ["aws", "amazon", "cognito"];

/// A domain belongs to one pool of the server; who commits first has it.
pub async fn create_user_pool_domain(
    service: &Service,
    _caller: &Caller,
    input: CreateUserPoolDomainRequest,
) -> Result<CreateUserPoolDomainResponse, Raise<CreateUserPoolDomainError>> {
    if input.custom_domain_config.is_some() || input.domain.contains('.') {
        return Err(invalid(
            "Custom domains are not built in this server yet: leave CustomDomainConfig out and give a prefix.",
        ));
    }
    if let Some(word) = RESERVED.into_iter().find(|word| input.domain.contains(word)) {
        return Err(invalid(format!("Domain cannot contain reserved word: {word}")));
    }
    let before = pools::fresh(service, &input.user_pool_id).await?;
    if before.value.pool.domain.is_some() {
        return Err(invalid("User pool already has a domain configured."));
    }
    let mut pool = before.value.pool.clone();
    pool.domain = Some(input.domain.clone());
    let after = UserPoolRow { pool, ..before.value.clone() };
    let version = input.managed_login_version.unwrap_or(1);
    let row = DomainRow {
        domain: input.domain.clone(),
        user_pool_id: input.user_pool_id.clone(),
        description: DomainDescriptionType {
            user_pool_id: Some(input.user_pool_id.clone()),
            aws_account_id: Some(service.config.account.to_string()),
            domain: Some(input.domain.clone()),
            version: Some(service.clock.now().millis().to_string()),
            status: Some(String::from("ACTIVE")),
            managed_login_version: Some(version),
            ..DomainDescriptionType::default()
        },
    };
    match service.store.commit(Batch::new().insert(&row).replace(&before, &after)).await {
        Ok(()) => {}
        Err(CommitError::Conflict(at)) if at.partition == DOMAINS => {
            return Err(invalid("Domain already associated with another user pool."));
        }
        Err(other) => return Err(other.into()),
    }
    service.directory.forget_pool(&input.user_pool_id);
    Ok(CreateUserPoolDomainResponse {
        managed_login_version: Some(version),
        ..CreateUserPoolDomainResponse::default()
    })
}
