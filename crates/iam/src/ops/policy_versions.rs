//! Versions of managed policies.

use base::Caller;
use facts::iam::{self, errors};
use store::{Batch, Versioned};

use super::{
    Answer, DONE,
    managed_policies::{check, find},
    paging::page,
    views,
};
use crate::{
    Inner,
    failure::{Failure, refused},
    policy::managed,
    rows::{ManagedPolicyRow, PolicyVersionRow},
};

const QUOTA: usize = 5;

pub(super) async fn create(
    inner: &Inner,
    _: &Caller,
    input: iam::CreatePolicyVersionRequest,
) -> Answer<iam::CreatePolicyVersion> {
    check(&input.policy_document)?;
    let now = inner.clock.now();
    let created: Result<iam::PolicyVersion, Failure> = inner
        .store
        .decide(async || {
            let read = find(inner, &input.policy_arn).await?;
            let mut row = read.value.clone();
            if row.versions.len() >= QUOTA {
                let text = format!(
                    "A managed policy can have up to {QUOTA} versions. Before you create a new version, you must \
                     delete an existing version."
                );
                return Err(refused(errors::LimitExceededException(text)));
            }
            let number = row.next_version;
            row.next_version += 1;
            row.updated_at = now;
            row.versions.push(PolicyVersionRow {
                number,
                document: input.policy_document.clone(),
                created_at: now,
            });
            if input.set_as_default == Some(true) {
                row.default_version = number;
            }
            let shown = iam::PolicyVersion { document: None, ..version(&row, number)? };
            Ok((Batch::new().replace(&read, &row), shown))
        })
        .await;
    inner.cache.drop_holders();
    Ok(iam::CreatePolicyVersionResponse { policy_version: Some(created?) })
}

pub(super) async fn get(
    inner: &Inner,
    _: &Caller,
    input: iam::GetPolicyVersionRequest,
) -> Answer<iam::GetPolicyVersion> {
    if let Some((policy, _)) =
        managed(&input.policy_arn).filter(|(policy, _)| policy.version == input.version_id)
    {
        let shown = iam::PolicyVersion {
            document: Some(views::document(policy.document)),
            version_id: Some(policy.version.to_owned()),
            is_default_version: Some(true),
            create_date: None,
        };
        return Ok(iam::GetPolicyVersionResponse { policy_version: Some(shown) });
    }
    let row = find(inner, &input.policy_arn).await?.value;
    let number = number(&input.policy_arn, &input.version_id)?;
    Ok(iam::GetPolicyVersionResponse { policy_version: Some(version(&row, number)?) })
}

pub(super) async fn list(
    inner: &Inner,
    _: &Caller,
    input: iam::ListPolicyVersionsRequest,
) -> Answer<iam::ListPolicyVersions> {
    let versions = match managed(&input.policy_arn) {
        Some((policy, _)) => vec![iam::PolicyVersion {
            version_id: Some(policy.version.to_owned()),
            is_default_version: Some(true),
            ..iam::PolicyVersion::default()
        }],
        None => {
            let row = find(inner, &input.policy_arn).await?.value;
            let shown =
                |number| version(&row, number).map(|shown| iam::PolicyVersion { document: None, ..shown });
            row.versions.iter().map(|version| shown(version.number)).collect::<Result<_, _>>()?
        }
    };
    let key = |version: &iam::PolicyVersion| version.version_id.clone().unwrap_or_default();
    let mut versions = versions;
    versions.sort_by_key(key);
    let page = page(versions, key, input.marker.as_deref(), input.max_items)?;
    Ok(iam::ListPolicyVersionsResponse {
        versions: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub(super) async fn delete(
    inner: &Inner,
    _: &Caller,
    input: iam::DeletePolicyVersionRequest,
) -> Answer<iam::DeletePolicyVersion> {
    let deleted: Result<(), Failure> = inner
        .store
        .decide(async || {
            let read: Versioned<ManagedPolicyRow> = find(inner, &input.policy_arn).await?;
            let mut row = read.value.clone();
            let number = number(&input.policy_arn, &input.version_id)?;
            version(&row, number)?;
            if row.default_version == number {
                let text = String::from("Cannot delete the default version of a policy.");
                return Err(refused(errors::DeleteConflictException(text)));
            }
            row.versions.retain(|version| version.number != number);
            Ok((Batch::new().replace(&read, &row), ()))
        })
        .await;
    deleted.map(|()| DONE)
}

fn version(row: &ManagedPolicyRow, number: u64) -> Result<iam::PolicyVersion, Failure> {
    let version = row.version(number).ok_or_else(|| missing(&row.arn, &format!("v{number}")))?;
    Ok(iam::PolicyVersion {
        document: Some(views::document(&version.document)),
        version_id: Some(format!("v{number}")),
        is_default_version: Some(row.default_version == number),
        create_date: Some(version.created_at.epoch_seconds()),
    })
}

fn number(arn: &str, version_id: &str) -> Result<u64, Failure> {
    version_id
        .strip_prefix('v')
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| missing(arn, version_id))
}

fn missing(arn: &str, version_id: &str) -> Failure {
    let text = format!("Policy {arn} version {version_id} does not exist or is not attachable.");
    refused(errors::NoSuchEntityException(text))
}
