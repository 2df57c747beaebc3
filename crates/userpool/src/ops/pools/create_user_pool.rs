//! CreateUserPool: a directory for people.

use base::{Arn, Caller, Region, ids};
use facts::cognito_idp::{CreateUserPoolError, CreateUserPoolRequest, CreateUserPoolResponse};
use ports::RngExt;
use store::Batch;

use super::configuration;
use crate::{
    raise::{Raise, invalid},
    rows::{PoolMfa, UserPoolRow, sealed},
    service::Service,
};

pub async fn create_user_pool(
    service: &Service,
    _caller: &Caller,
    input: CreateUserPoolRequest,
) -> Result<CreateUserPoolResponse, Raise<CreateUserPoolError>> {
    let suffix = service.rng.string(ids::ALPHANUMERIC, ids::POOL_ID_SUFFIX_LENGTH);
    create_user_pool_as(service, format!("{}_{suffix}", service.config.region), input).await
}

/// Under an id that the caller decided on beforehand, so that a repeated call can find out that it was made.
pub async fn create_user_pool_as(
    service: &Service,
    id: String,
    input: CreateUserPoolRequest,
) -> Result<CreateUserPoolResponse, Raise<CreateUserPoolError>> {
    let mut pool = configuration::of_create(&input)?;
    let region: &Region = &service.config.region;
    if ids::pool_region(&id).is_none() {
        return Err(invalid(format!("{region} is not a region that a user pool can be in.")));
    }
    let now = service.clock.now().epoch_seconds();
    pool.id = Some(id.clone());
    pool.arn =
        Some(Arn::new("cognito-idp", region, &service.config.account, format!("userpool/{id}")).to_string());
    pool.creation_date = Some(now);
    pool.last_modified_date = Some(now);
    let secret = service.sealer.seal(&sealed::pool_secret(&id), &service.rng.bytes::<32>())?;
    let row = UserPoolRow { id, pool, secret, mfa: PoolMfa::default() };
    service.store.commit(Batch::new().insert(&row)).await?;
    service.keys.prepare(&row.id);
    Ok(CreateUserPoolResponse { user_pool: Some(shown(row, 0)) })
}

/// The pool as operations show it.
pub fn shown(row: UserPoolRow, users: i64) -> facts::cognito_idp::UserPoolType {
    facts::cognito_idp::UserPoolType { estimated_number_of_users: Some(users), ..row.pool }
}
