//! Managed policies on users and roles.

use base::Caller;
use facts::iam::{self, errors};
use store::Versioned;

use super::{
    Answer, DONE,
    paging::{Paged, page},
};
use crate::{
    Inner,
    failure::{Failure, refused},
    rows::{Holder, RoleRow, UserRow},
};

pub(super) async fn attach_to_role(
    inner: &Inner,
    _: &Caller,
    input: iam::AttachRolePolicyRequest,
) -> Answer<iam::AttachRolePolicy> {
    inner.attach::<RoleRow>(&input.role_name, &input.policy_arn).await.map(|()| DONE)
}

pub(super) async fn attach_to_user(
    inner: &Inner,
    _: &Caller,
    input: iam::AttachUserPolicyRequest,
) -> Answer<iam::AttachUserPolicy> {
    inner.attach::<UserRow>(&input.user_name, &input.policy_arn).await.map(|()| DONE)
}

pub(super) async fn detach_from_role(
    inner: &Inner,
    _: &Caller,
    input: iam::DetachRolePolicyRequest,
) -> Answer<iam::DetachRolePolicy> {
    detach::<RoleRow>(inner, &input.role_name, &input.policy_arn).await
}

pub(super) async fn detach_from_user(
    inner: &Inner,
    _: &Caller,
    input: iam::DetachUserPolicyRequest,
) -> Answer<iam::DetachUserPolicy> {
    detach::<UserRow>(inner, &input.user_name, &input.policy_arn).await
}

pub(super) async fn list_of_role(
    inner: &Inner,
    _: &Caller,
    input: iam::ListAttachedRolePoliciesRequest,
) -> Answer<iam::ListAttachedRolePolicies> {
    let iam::ListAttachedRolePoliciesRequest { role_name, path_prefix, marker, max_items } = input;
    let page =
        list::<RoleRow>(inner, &role_name, path_prefix.as_deref(), marker.as_deref(), max_items).await?;
    Ok(iam::ListAttachedRolePoliciesResponse {
        attached_policies: Some(page.items.into_iter().map(attached).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub(super) async fn list_of_user(
    inner: &Inner,
    _: &Caller,
    input: iam::ListAttachedUserPoliciesRequest,
) -> Answer<iam::ListAttachedUserPolicies> {
    let iam::ListAttachedUserPoliciesRequest { user_name, path_prefix, marker, max_items } = input;
    let page =
        list::<UserRow>(inner, &user_name, path_prefix.as_deref(), marker.as_deref(), max_items).await?;
    Ok(iam::ListAttachedUserPoliciesResponse {
        attached_policies: Some(page.items.into_iter().map(attached).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

async fn detach<H: Holder>(inner: &Inner, name: &str, arn: &str) -> Result<facts::Empty, Failure> {
    let change = |row: &mut H| {
        if row.permissions_mut().attached.remove(arn) {
            Ok(())
        } else {
            Err(refused(errors::NoSuchEntityException(format!("Policy {arn} was not found."))))
        }
    };
    inner.change_holder(name, change).await?;
    Ok(DONE)
}

async fn list<H: Holder>(
    inner: &Inner,
    name: &str,
    prefix: Option<&str>,
    marker: Option<&str>,
    max_items: Option<i64>,
) -> Result<Paged<String>, Failure> {
    let row: Versioned<H> = inner.read_holder(name).await?;
    let below = |arn: &&String| {
        let path = arn.split_once(":policy").map(|(_, path)| path).unwrap_or_default();
        prefix.is_none_or(|prefix| path.starts_with(prefix))
    };
    let arns = row.value.permissions().attached.iter().filter(below).cloned().collect();
    page(arns, Clone::clone, marker, max_items)
}

fn attached(arn: String) -> iam::AttachedPolicy {
    let name = arn.rsplit('/').next().map(str::to_owned);
    iam::AttachedPolicy { policy_name: name, policy_arn: Some(arn) }
}
