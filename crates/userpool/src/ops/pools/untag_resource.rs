//! UntagResource.

use base::Caller;
use facts::cognito_idp::{UntagResourceError, UntagResourceRequest, UntagResourceResponse};

use super::tag_resource::{pool_of, write};
use crate::{raise::Raise, service::Service};

pub async fn untag_resource(
    service: &Service,
    _caller: &Caller,
    input: UntagResourceRequest,
) -> Result<UntagResourceResponse, Raise<UntagResourceError>> {
    let before = pool_of(service, &input.resource_arn).await?;
    let mut after = before.value.clone();
    after.pool.user_pool_tags.get_or_insert_default().retain(|key, _| !input.tag_keys.contains(key));
    write(service, &before, &after).await?;
    Ok(UntagResourceResponse {})
}
