//! TagResource, and what the three tag operations share.

use base::{Arn, Caller};
use facts::cognito_idp::{TagResourceError, TagResourceRequest, TagResourceResponse};
use store::{Batch, Versioned};

use crate::{
    raise::{InvalidParameterException, Raise, ResourceNotFoundException},
    rows::UserPoolRow,
    service::Service,
};

/// The most tags a pool may have ("TagResource").
const MOST: usize = 50;

pub async fn tag_resource(
    service: &Service,
    _caller: &Caller,
    input: TagResourceRequest,
) -> Result<TagResourceResponse, Raise<TagResourceError>> {
    let before = pool_of(service, &input.resource_arn).await?;
    let mut after = before.value.clone();
    let tags = after.pool.user_pool_tags.get_or_insert_default();
    tags.extend(input.tags);
    if tags.len() > MOST {
        return Err(crate::raise::invalid(format!("A user pool can have at most {MOST} tags.")));
    }
    write(service, &before, &after).await?;
    Ok(TagResourceResponse {})
}

/// The pool that an ARN names.
pub async fn pool_of<E>(service: &Service, arn: &str) -> Result<Versioned<UserPoolRow>, Raise<E>>
where
    E: From<InvalidParameterException> + From<ResourceNotFoundException>,
{
    let parsed: Arn =
        arn.parse().map_err(|_| InvalidParameterException(format!("{arn} is not an ARN of a user pool.")))?;
    match parsed.resource.strip_prefix("userpool/") {
        Some(pool_id) => super::fresh(service, pool_id).await,
        None => Err(InvalidParameterException(format!("{arn} is not an ARN of a user pool.")).into()),
    }
}

pub async fn write<E>(
    service: &Service,
    before: &Versioned<UserPoolRow>,
    after: &UserPoolRow,
) -> Result<(), Raise<E>> {
    service.store.commit(Batch::new().replace(before, after)).await?;
    service.directory.forget_pool(&after.id);
    Ok(())
}
