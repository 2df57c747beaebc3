//! Roles.

use base::Caller;
use facts::iam::{self, errors};
use store::{Batch, Query, Versioned};

use super::{Answer, DONE, paging::page, views};
use crate::{
    Inner,
    failure::{Failure, refused},
    holders::check_document,
    policy::Kind,
    roles::{DEFAULT_SESSION, RoleSpec},
    rows::RoleRow,
};

pub(super) async fn create(
    inner: &Inner,
    _: &Caller,
    input: iam::CreateRoleRequest,
) -> Answer<iam::CreateRole> {
    let trust = serde_json::from_str(&input.assume_role_policy_document).map_err(|_| {
        refused(errors::MalformedPolicyDocumentException(String::from("This policy contains invalid Json")))
    })?;
    let spec = RoleSpec {
        name: input.role_name,
        path: input.path.unwrap_or_default(),
        trust,
        description: input.description,
        max_session_duration: input.max_session_duration,
        permissions_boundary: input.permissions_boundary,
        tags: views::read_tags(input.tags),
        ..RoleSpec::default()
    };
    let row = inner.create_role(&spec).await?;
    Ok(iam::CreateRoleResponse { role: views::role(&row) })
}

pub(super) async fn get(inner: &Inner, _: &Caller, input: iam::GetRoleRequest) -> Answer<iam::GetRole> {
    let row: Versioned<RoleRow> = inner.read_holder(&input.role_name).await?;
    Ok(iam::GetRoleResponse { role: views::role(&row.value) })
}

/// What is not given goes back to its default, as on AWS.
pub(super) async fn update(
    inner: &Inner,
    _: &Caller,
    input: iam::UpdateRoleRequest,
) -> Answer<iam::UpdateRole> {
    let change = |row: &mut RoleRow| {
        row.description = input.description.clone().or_else(|| row.description.take());
        row.max_session_duration = input.max_session_duration.unwrap_or(DEFAULT_SESSION);
        Ok(())
    };
    inner.change_holder(&input.role_name, change).await?;
    Ok(iam::UpdateRoleResponse {})
}

pub(super) async fn update_trust(
    inner: &Inner,
    _: &Caller,
    input: iam::UpdateAssumeRolePolicyRequest,
) -> Answer<iam::UpdateAssumeRolePolicy> {
    check_document(&input.policy_document, Kind::Trust)?;
    let change = |row: &mut RoleRow| {
        row.trust.clone_from(&input.policy_document);
        Ok(())
    };
    inner.change_holder(&input.role_name, change).await?;
    Ok(DONE)
}

/// Only an empty role: what it has must be taken away first.
pub(super) async fn delete(
    inner: &Inner,
    _: &Caller,
    input: iam::DeleteRoleRequest,
) -> Answer<iam::DeleteRole> {
    let deleted: Result<(), Failure> = inner
        .store
        .decide(async || {
            let row: Versioned<RoleRow> = inner.read_holder(&input.role_name).await?;
            let permissions = &row.value.permissions;
            let conflict = |text: &str| Err(refused(errors::DeleteConflictException(text.to_owned())));
            if !permissions.attached.is_empty() {
                return conflict("Cannot delete entity, must detach all policies first.");
            }
            if !permissions.inline.is_empty() {
                return conflict("Cannot delete entity, must delete policies first.");
            }
            Ok((Batch::new().spend(&row), ()))
        })
        .await;
    inner.cache.drop_holder::<RoleRow>(&input.role_name);
    deleted.map(|()| DONE)
}

/// Without what only `GetRole` shows: tags and boundary.
pub(super) async fn list(inner: &Inner, _: &Caller, input: iam::ListRolesRequest) -> Answer<iam::ListRoles> {
    let rows = inner.store.query_all(Query::<RoleRow>::in_partition(inner.account())).await?;
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let rows = rows.into_iter().map(|row| row.value).filter(|row| row.path.starts_with(prefix)).collect();
    let page = page(rows, store::Collection::key, input.marker.as_deref(), input.max_items)?;
    let shown = |row: &RoleRow| iam::Role { permissions_boundary: None, tags: None, ..views::role(row) };
    Ok(iam::ListRolesResponse {
        roles: page.items.iter().map(shown).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}
