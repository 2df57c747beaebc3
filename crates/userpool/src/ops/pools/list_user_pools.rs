//! ListUserPools.

use base::{Caller, PageToken};
use facts::cognito_idp::{
    ListUserPoolsError, ListUserPoolsRequest, ListUserPoolsResponse, UserPoolDescriptionType,
};

use crate::{
    raise::{Raise, invalid},
    rows::UserPoolRow,
    service::Service,
};
use store::Collection;

/// Pools are partitions of their own, so a page of pools is a page of partitions.
pub async fn list_user_pools(
    service: &Service,
    _caller: &Caller,
    input: ListUserPoolsRequest,
) -> Result<ListUserPoolsResponse, Raise<ListUserPoolsError>> {
    let limit = usize::try_from(input.max_results).unwrap_or(60).clamp(1, 60);
    let after = match input.next_token.as_deref().map(PageToken::from_wire) {
        Some(Ok(token)) => Some(token.0),
        Some(Err(_)) => return Err(invalid("Invalid NextToken.")),
        None => None,
    };
    let ids = service.store.engine().partitions(UserPoolRow::NAME, after, limit).await?;
    let keys: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), id.as_str())).collect();
    let rows = service.store.get_many::<UserPoolRow>(&keys).await?;
    let next_token =
        (ids.len() == limit).then(|| ids.last().map(|last| PageToken(last.clone()).to_wire())).flatten();
    let user_pools = rows
        .into_iter()
        .flatten()
        .map(|row| {
            let pool = row.value.pool;
            UserPoolDescriptionType {
                id: pool.id,
                name: pool.name,
                lambda_config: pool.lambda_config,
                last_modified_date: pool.last_modified_date,
                creation_date: pool.creation_date,
                ..UserPoolDescriptionType::default()
            }
        })
        .collect();
    Ok(ListUserPoolsResponse { user_pools: Some(user_pools), next_token })
}
