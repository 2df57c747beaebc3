//! ListUsers: a page of people, by one attribute or all.

use base::{Caller, PageToken};
use facts::cognito_idp::{ListUsersError, ListUsersRequest, ListUsersResponse, UserType};
use store::Query;

use super::{admin_create_user::shown, filter::Filter};
use crate::{
    raise::{Raise, invalid},
    rows::UserRow,
    service::Service,
};

/// "Limit": at most this many on a page.
const MOST: usize = 60;

pub async fn list_users(
    service: &Service,
    _caller: &Caller,
    input: ListUsersRequest,
) -> Result<ListUsersResponse, Raise<ListUsersError>> {
    let pool = service.directory.pool::<ListUsersError>(&input.user_pool_id).await?;
    let filter = Filter::parse(input.filter.as_deref())?;
    let Ok(after) = input.pagination_token.as_deref().map(PageToken::from_wire).transpose() else {
        return Err(invalid("Invalid pagination token."));
    };
    let asked = input.attributes_to_get.as_deref();
    if let Some(unknown) = asked.into_iter().flatten().find(|name| !has_attribute(&pool, name)) {
        return Err(invalid(format!("One or more requested attributes do not exist: {unknown}")));
    }
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0);
    let query = Query::<UserRow>::in_partition(pool.id()).limit(limit.unwrap_or(MOST).min(MOST)).after(after);
    let query = match &filter {
        Some(filter) => filter.apply(query, &pool),
        None => query,
    };
    let page = service.store.query(query).await?;
    let users = page.rows.iter().map(|row| only(shown(&row.value), asked)).collect();
    Ok(ListUsersResponse { users: Some(users), pagination_token: page.next.map(|next| next.to_wire()) })
}

fn has_attribute(pool: &crate::directory::Pool, name: &str) -> bool {
    pool.schema().iter().any(|attribute| attribute.name.as_deref() == Some(name))
}

fn only(mut user: UserType, asked: Option<&[String]>) -> UserType {
    if let Some(asked) = asked {
        user.attributes.iter_mut().for_each(|attributes| attributes.retain(|one| asked.contains(&one.name)));
    }
    user
}
