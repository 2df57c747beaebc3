//! Users.

use base::Caller;
use facts::iam::{self, errors};
use store::{Batch, Query, Versioned};

use super::{Answer, DONE, paging::page, views};
use crate::{
    Inner, PrincipalKind,
    failure::{Failure, refused},
    rows::{AccessKeyRow, BY_USER, Permissions, UserRow, key_of},
};

pub(super) async fn create(
    inner: &Inner,
    _: &Caller,
    input: iam::CreateUserRequest,
) -> Answer<iam::CreateUser> {
    let path = input.path.unwrap_or_else(|| String::from("/"));
    let row = UserRow {
        account: inner.account().to_owned(),
        id: inner.new_id("AIDA"),
        arn: format!("arn:aws:iam::{}:user{path}{}", inner.account(), input.user_name),
        name: input.user_name,
        path,
        permissions: Permissions { boundary: input.permissions_boundary, ..Permissions::default() },
        tags: views::read_tags(input.tags),
        created_at: inner.clock.now(),
        keys_made: 0,
    };
    let created: Result<(), Failure> = inner
        .store
        .decide(async || {
            if inner.store.get::<UserRow>(inner.account(), &key_of(&row.name)).await?.is_some() {
                let text = format!("User with name {} already exists.", row.name);
                return Err(refused(errors::EntityAlreadyExistsException(text)));
            }
            let boundary = inner.expect_managed(row.permissions.boundary.as_deref()).await?;
            Ok((boundary.insert(&row), ()))
        })
        .await;
    inner.cache.drop_holder::<UserRow>(&row.name);
    created?;
    Ok(iam::CreateUserResponse { user: Some(views::user(&row)) })
}

/// Without a name, the caller.
pub(super) async fn get(inner: &Inner, caller: &Caller, input: iam::GetUserRequest) -> Answer<iam::GetUser> {
    let name = match input.user_name {
        Some(name) => name,
        None => match inner.principal_of(&caller.identity).await?.kind {
            PrincipalKind::User { name } => name,
            PrincipalKind::Root => return Ok(iam::GetUserResponse { user: root(inner) }),
            PrincipalKind::AssumedRole { .. } => return Err(name_needed()),
        },
    };
    let row: Versioned<UserRow> = inner.read_holder(&name).await?;
    Ok(iam::GetUserResponse { user: views::user(&row.value) })
}

fn root(inner: &Inner) -> iam::User {
    iam::User {
        path: String::from("/"),
        user_name: String::from("root"),
        user_id: inner.account().to_owned(),
        arn: format!("arn:aws:iam::{}:root", inner.account()),
        create_date: 0.0,
        ..iam::User::default()
    }
}

pub(super) fn name_needed() -> Failure {
    refused(errors::ValidationError(String::from(
        "Must specify userName when calling with non-User credentials",
    )))
}

pub(super) async fn delete(
    inner: &Inner,
    _: &Caller,
    input: iam::DeleteUserRequest,
) -> Answer<iam::DeleteUser> {
    let deleted: Result<(), Failure> = inner
        .store
        .decide(async || {
            let row: Versioned<UserRow> = inner.read_holder(&input.user_name).await?;
            let permissions = &row.value.permissions;
            let conflict = |text: &str| Err(refused(errors::DeleteConflictException(text.to_owned())));
            if !keys_of(inner, &row.value.name).await?.is_empty() {
                return conflict("Cannot delete entity, must delete access keys first.");
            }
            if !permissions.attached.is_empty() {
                return conflict("Cannot delete entity, must detach all policies first.");
            }
            if !permissions.inline.is_empty() {
                return conflict("Cannot delete entity, must delete policies first.");
            }
            // A key made meanwhile would have changed the row.
            Ok((Batch::new().spend(&row), ()))
        })
        .await;
    inner.cache.drop_holder::<UserRow>(&input.user_name);
    deleted.map(|()| DONE)
}

pub(super) async fn list(inner: &Inner, _: &Caller, input: iam::ListUsersRequest) -> Answer<iam::ListUsers> {
    let rows = inner.store.query_all(Query::<UserRow>::in_partition(inner.account())).await?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let rows = rows.into_iter().map(|row| row.value).filter(|row| row.path.starts_with(prefix)).collect();
    let page = page(rows, store::Collection::key, input.marker.as_deref(), input.max_items)?;
    let shown = |row: &UserRow| iam::User { permissions_boundary: None, tags: None, ..views::user(row) };
    Ok(iam::ListUsersResponse {
        users: page.items.iter().map(shown).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// The access keys of a user, in the order of their ids.
pub(super) async fn keys_of(inner: &Inner, name: &str) -> Result<Vec<Versioned<AccessKeyRow>>, Failure> {
    let query = Query::<AccessKeyRow>::in_partition(inner.account()).index(BY_USER).equals(key_of(name));
    Ok(inner.store.query_all(query).await?)
}
