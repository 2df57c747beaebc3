//! Permissions boundaries of roles.

use base::Caller;
use facts::iam::{self, errors};
use store::Versioned;

use super::{Answer, DONE};
use crate::{Inner, failure::refused, rows::RoleRow};

pub(super) async fn put_on_role(
    inner: &Inner,
    _: &Caller,
    input: iam::PutRolePermissionsBoundaryRequest,
) -> Answer<iam::PutRolePermissionsBoundary> {
    inner.set_boundary::<RoleRow>(&input.role_name, Some(&input.permissions_boundary)).await.map(|()| DONE)
}

pub(super) async fn delete_of_role(
    inner: &Inner,
    _: &Caller,
    input: iam::DeleteRolePermissionsBoundaryRequest,
) -> Answer<iam::DeleteRolePermissionsBoundary> {
    let row: Versioned<RoleRow> = inner.read_holder(&input.role_name).await?;
    if row.value.permissions.boundary.is_none() {
        let text = format!("The role with name {} has no permissions boundary.", input.role_name);
        return Err(refused(errors::NoSuchEntityException(text)));
    }
    inner.set_boundary::<RoleRow>(&input.role_name, None).await.map(|()| DONE)
}
