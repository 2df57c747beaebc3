//! Managed policies: the account's, and AWS's that are here.

use base::Caller;
use facts::iam::{self, errors};
use store::{Batch, Query, Versioned};

use super::{Answer, DONE, paging::page, views};
use crate::{
    Inner,
    failure::{Failure, refused},
    holders::{check_document, without_spaces},
    policy::{Kind, MANAGED, Managed, managed},
    rows::{BY_POLICY, Holder, ManagedPolicyRow, PolicyVersionRow, RoleRow, UserRow, key_of},
};

/// Characters of a document, white space aside.
pub(super) const LONGEST: usize = 6_144;

pub(super) async fn create(
    inner: &Inner,
    _: &Caller,
    input: iam::CreatePolicyRequest,
) -> Answer<iam::CreatePolicy> {
    check(&input.policy_document)?;
    let path = input.path.unwrap_or_else(|| String::from("/"));
    let now = inner.clock.now();
    let row = ManagedPolicyRow {
        account: inner.account().to_owned(),
        id: inner.new_id("ANPA"),
        arn: format!("arn:aws:iam::{}:policy{path}{}", inner.account(), input.policy_name),
        name: input.policy_name,
        path,
        description: input.description,
        versions: vec![PolicyVersionRow { number: 1, document: input.policy_document, created_at: now }],
        default_version: 1,
        next_version: 2,
        tags: views::read_tags(input.tags),
        created_at: now,
        updated_at: now,
    };
    let created: Result<(), Failure> = inner
        .store
        .decide(async || {
            if inner.store.get::<ManagedPolicyRow>(inner.account(), &key_of(&row.name)).await?.is_some() {
                let text =
                    format!("A policy called {} already exists. Duplicate names are not allowed.", row.name);
                return Err(refused(errors::EntityAlreadyExistsException(text)));
            }
            Ok((Batch::new().insert(&row), ()))
        })
        .await;
    created?;
    Ok(iam::CreatePolicyResponse { policy: Some(views::policy(&row, 0, 0)) })
}

pub(super) async fn get(inner: &Inner, _: &Caller, input: iam::GetPolicyRequest) -> Answer<iam::GetPolicy> {
    let (attached, bounding) = uses(inner, &input.policy_arn).await?;
    let policy = match managed(&input.policy_arn) {
        Some((policy, _)) => of_aws(policy, attached, bounding),
        None => views::policy(&find(inner, &input.policy_arn).await?.value, attached, bounding),
    };
    Ok(iam::GetPolicyResponse { policy: Some(policy) })
}

/// Only one that nobody has, with no version but its default.
pub(super) async fn delete(
    inner: &Inner,
    _: &Caller,
    input: iam::DeletePolicyRequest,
) -> Answer<iam::DeletePolicy> {
    let deleted: Result<(), Failure> = inner
        .store
        .decide(async || {
            let row = find(inner, &input.policy_arn).await?;
            let conflict = |text: &str| Err(refused(errors::DeleteConflictException(text.to_owned())));
            if uses(inner, &input.policy_arn).await? != (0, 0) {
                return conflict("Cannot delete a policy attached to entities.");
            }
            if row.value.versions.len() > 1 {
                return conflict("This policy has more than one version. Before you delete a policy, you must \
                                 delete the policy's versions. The default version is deleted with the policy.");
            }
            // Who attaches it meanwhile changes the row.
            Ok((Batch::new().spend(&row), ()))
        })
        .await;
    inner.cache.drop_holders();
    deleted.map(|()| DONE)
}

pub(super) async fn list(
    inner: &Inner,
    _: &Caller,
    input: iam::ListPoliciesRequest,
) -> Answer<iam::ListPolicies> {
    let scope = input.scope.as_deref().unwrap_or("All");
    let mut policies = Vec::new();
    if scope != "Local" {
        for policy in MANAGED {
            let (attached, bounding) = uses(inner, &policy.arn()).await?;
            policies.push(of_aws(policy, attached, bounding));
        }
    }
    if scope != "AWS" {
        for row in inner.store.query_all(Query::<ManagedPolicyRow>::in_partition(inner.account())).await? {
            let (attached, bounding) = uses(inner, &row.value.arn).await?;
            policies.push(views::policy(&row.value, attached, bounding));
        }
    }
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let used = |policy: &iam::Policy| match input.policy_usage_filter.as_deref() {
        Some("PermissionsBoundary") => policy.permissions_boundary_usage_count > Some(0),
        _ => policy.attachment_count > Some(0),
    };
    policies.retain(|policy| policy.path.as_ref().is_some_and(|path| path.starts_with(prefix)));
    if input.only_attached == Some(true) {
        policies.retain(used);
    }
    let key = |policy: &iam::Policy| policy.arn.clone().unwrap_or_default();
    policies.sort_by_key(key);
    let page = page(policies, key, input.marker.as_deref(), input.max_items)?;
    Ok(iam::ListPoliciesResponse {
        policies: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// A policy of the account; AWS's own cannot be changed.
pub(super) async fn find(inner: &Inner, arn: &str) -> Result<Versioned<ManagedPolicyRow>, Failure> {
    inner
        .find_managed(arn)
        .await?
        .ok_or_else(|| refused(errors::NoSuchEntityException(format!("Policy {arn} was not found."))))
}

pub(super) fn check(document: &str) -> Result<(), Failure> {
    check_document(document, Kind::Identity)?;
    if without_spaces(document) > LONGEST {
        let text = format!("Cannot exceed quota for PolicySize: {LONGEST}");
        return Err(refused(errors::LimitExceededException(text)));
    }
    Ok(())
}

/// How many users and roles have the policy attached, and how many as their boundary.
async fn uses(inner: &Inner, arn: &str) -> Result<(usize, usize), Failure> {
    let (mut attached, mut bounding) = (0, 0);
    count::<RoleRow>(inner, arn, &mut attached, &mut bounding).await?;
    count::<UserRow>(inner, arn, &mut attached, &mut bounding).await?;
    Ok((attached, bounding))
}

async fn count<H: Holder>(
    inner: &Inner,
    arn: &str,
    attached: &mut usize,
    bounding: &mut usize,
) -> Result<(), Failure> {
    let query = Query::<H>::in_partition(inner.account()).index(BY_POLICY).equals(arn);
    for row in inner.store.query_all(query).await? {
        let permissions = row.value.permissions();
        *attached += usize::from(permissions.attached.contains(arn));
        *bounding += usize::from(permissions.boundary.as_deref() == Some(arn));
    }
    Ok(())
}

fn of_aws(policy: &Managed, attached: usize, bounding: usize) -> iam::Policy {
    iam::Policy {
        policy_name: Some(policy.name.to_owned()),
        arn: Some(policy.arn()),
        path: Some(policy.path.to_owned()),
        default_version_id: Some(policy.version.to_owned()),
        attachment_count: i64::try_from(attached).ok(),
        permissions_boundary_usage_count: i64::try_from(bounding).ok(),
        is_attachable: Some(true),
        ..iam::Policy::default()
    }
}
