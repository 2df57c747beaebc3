//! ListTagsForResource.

use base::Caller;
use facts::cognito_idp::{ListTagsForResourceError, ListTagsForResourceRequest, ListTagsForResourceResponse};

use super::tag_resource::pool_of;
use crate::{raise::Raise, service::Service};

pub async fn list_tags_for_resource(
    service: &Service,
    _caller: &Caller,
    input: ListTagsForResourceRequest,
) -> Result<ListTagsForResourceResponse, Raise<ListTagsForResourceError>> {
    let pool = pool_of(service, &input.resource_arn).await?;
    Ok(ListTagsForResourceResponse { tags: pool.value.pool.user_pool_tags })
}
