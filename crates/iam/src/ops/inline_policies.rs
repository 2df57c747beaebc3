//! Inline policies of users and roles.

use base::Caller;
use facts::iam::{self, errors};
use store::Versioned;

use super::{
    Answer, DONE,
    paging::{Paged, page},
    views,
};
use crate::{
    Inner,
    failure::{Failure, refused},
    holders::put_inline,
    rows::{Holder, RoleRow, UserRow},
};

pub(super) async fn put_on_role(
    inner: &Inner,
    _: &Caller,
    input: iam::PutRolePolicyRequest,
) -> Answer<iam::PutRolePolicy> {
    put::<RoleRow>(inner, &input.role_name, &input.policy_name, &input.policy_document).await
}

pub(super) async fn put_on_user(
    inner: &Inner,
    _: &Caller,
    input: iam::PutUserPolicyRequest,
) -> Answer<iam::PutUserPolicy> {
    put::<UserRow>(inner, &input.user_name, &input.policy_name, &input.policy_document).await
}

pub(super) async fn get_of_role(
    inner: &Inner,
    _: &Caller,
    input: iam::GetRolePolicyRequest,
) -> Answer<iam::GetRolePolicy> {
    let policy_document = get::<RoleRow>(inner, &input.role_name, &input.policy_name).await?;
    let iam::GetRolePolicyRequest { role_name, policy_name } = input;
    Ok(iam::GetRolePolicyResponse { role_name, policy_name, policy_document })
}

pub(super) async fn get_of_user(
    inner: &Inner,
    _: &Caller,
    input: iam::GetUserPolicyRequest,
) -> Answer<iam::GetUserPolicy> {
    let policy_document = get::<UserRow>(inner, &input.user_name, &input.policy_name).await?;
    let iam::GetUserPolicyRequest { user_name, policy_name } = input;
    Ok(iam::GetUserPolicyResponse { user_name, policy_name, policy_document })
}

pub(super) async fn delete_of_role(
    inner: &Inner,
    _: &Caller,
    input: iam::DeleteRolePolicyRequest,
) -> Answer<iam::DeleteRolePolicy> {
    delete::<RoleRow>(inner, &input.role_name, &input.policy_name).await
}

pub(super) async fn delete_of_user(
    inner: &Inner,
    _: &Caller,
    input: iam::DeleteUserPolicyRequest,
) -> Answer<iam::DeleteUserPolicy> {
    delete::<UserRow>(inner, &input.user_name, &input.policy_name).await
}

pub(super) async fn list_of_role(
    inner: &Inner,
    _: &Caller,
    input: iam::ListRolePoliciesRequest,
) -> Answer<iam::ListRolePolicies> {
    let page = list::<RoleRow>(inner, &input.role_name, input.marker.as_deref(), input.max_items).await?;
    Ok(iam::ListRolePoliciesResponse {
        policy_names: page.items,
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub(super) async fn list_of_user(
    inner: &Inner,
    _: &Caller,
    input: iam::ListUserPoliciesRequest,
) -> Answer<iam::ListUserPolicies> {
    let page = list::<UserRow>(inner, &input.user_name, input.marker.as_deref(), input.max_items).await?;
    Ok(iam::ListUserPoliciesResponse {
        policy_names: page.items,
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

async fn put<H: Holder>(
    inner: &Inner,
    name: &str,
    policy: &str,
    document: &str,
) -> Result<facts::Empty, Failure> {
    inner.change_holder::<H>(name, |row| put_inline(row, policy, document)).await?;
    Ok(DONE)
}

async fn get<H: Holder>(inner: &Inner, name: &str, policy: &str) -> Result<String, Failure> {
    let row: Versioned<H> = inner.read_holder(name).await?;
    let document = row.value.permissions().inline.get(policy).ok_or_else(|| missing::<H>(policy))?;
    Ok(views::document(document))
}

async fn delete<H: Holder>(inner: &Inner, name: &str, policy: &str) -> Result<facts::Empty, Failure> {
    let change = |row: &mut H| {
        row.permissions_mut().inline.remove(policy).map(drop).ok_or_else(|| missing::<H>(policy))
    };
    inner.change_holder(name, change).await?;
    Ok(DONE)
}

async fn list<H: Holder>(
    inner: &Inner,
    name: &str,
    marker: Option<&str>,
    max_items: Option<i64>,
) -> Result<Paged<String>, Failure> {
    let row: Versioned<H> = inner.read_holder(name).await?;
    page(row.value.permissions().inline.keys().cloned().collect(), Clone::clone, marker, max_items)
}

fn missing<H: Holder>(policy: &str) -> Failure {
    refused(errors::NoSuchEntityException(format!(
        "The {} policy with name {policy} cannot be found.",
        H::NOUN
    )))
}
