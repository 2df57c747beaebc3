//! DescribeUserPool.

use base::Caller;
use facts::cognito_idp::{DescribeUserPoolError, DescribeUserPoolRequest, DescribeUserPoolResponse};
use store::Query;

use super::create_user_pool::shown;
use crate::{raise::Raise, rows::UserRow, service::Service};

/// `EstimatedNumberOfUsers` counts this far; beyond it says at least so many.
const COUNTED: usize = 1000;

pub async fn describe_user_pool(
    service: &Service,
    _caller: &Caller,
    input: DescribeUserPoolRequest,
) -> Result<DescribeUserPoolResponse, Raise<DescribeUserPoolError>> {
    let pool = service.directory.pool::<DescribeUserPoolError>(&input.user_pool_id).await?;
    let users = Query::<UserRow>::in_partition(pool.id()).limit(COUNTED);
    let counted = service.store.query(users).await?.rows.len();
    let counted = i64::try_from(counted).unwrap_or(i64::MAX);
    Ok(DescribeUserPoolResponse { user_pool: Some(shown(pool.row.value.clone(), counted)) })
}
