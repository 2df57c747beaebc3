//! Reading and changing users and roles, and what hangs on them.

use std::collections::BTreeSet;

use facts::iam::errors;
use store::{Batch, Versioned};

use crate::{
    Inner,
    failure::{Failure, refused},
    policy::{Kind, Policy, managed},
    rows::{Holder, ManagedPolicyRow, key_of},
};

/// Managed policies that a user or role may have ("IAM and AWS STS quotas").
const ATTACHED_QUOTA: usize = 10;

impl Inner {
    pub(crate) async fn read_holder<H: Holder>(&self, name: &str) -> Result<Versioned<H>, Failure> {
        let row = self.store.get::<H>(self.account(), &key_of(name)).await?;
        row.ok_or_else(|| {
            refused(errors::NoSuchEntityException(format!(
                "The {} with name {name} cannot be found.",
                H::NOUN
            )))
        })
    }

    /// Reads, changes, commits; again when another was faster. The memory of it is dropped before this answers.
    pub(crate) async fn change_holder<H: Holder>(
        &self,
        name: &str,
        change: impl Fn(&mut H) -> Result<(), Failure>,
    ) -> Result<H, Failure> {
        let changed: Result<H, Failure> = self
            .store
            .decide(async || {
                let read = self.read_holder::<H>(name).await?;
                let mut row = read.value.clone();
                change(&mut row)?;
                Ok((Batch::new().replace(&read, &row), row))
            })
            .await;
        self.cache.drop_holder::<H>(name);
        changed
    }

    pub(crate) async fn attach<H: Holder>(&self, name: &str, arn: &str) -> Result<(), Failure> {
        let attached: Result<(), Failure> = self
            .store
            .decide(async || {
                let read = self.read_holder::<H>(name).await?;
                let mut row = read.value.clone();
                let policies = self.expect_managed([arn]).await?;
                row.permissions_mut().attached.insert(arn.to_owned());
                check_attached(&row)?;
                Ok((policies.replace(&read, &row), ()))
            })
            .await;
        self.cache.drop_holder::<H>(name);
        attached
    }

    pub(crate) async fn set_boundary<H: Holder>(&self, name: &str, arn: Option<&str>) -> Result<(), Failure> {
        let set: Result<(), Failure> = self
            .store
            .decide(async || {
                let read = self.read_holder::<H>(name).await?;
                let mut row = read.value.clone();
                let policies = self.expect_managed(arn).await?;
                row.permissions_mut().boundary = arn.map(str::to_owned);
                Ok((policies.replace(&read, &row), ()))
            })
            .await;
        self.cache.drop_holder::<H>(name);
        set
    }

    /// A batch that fails when one of these policies goes away meanwhile. AWS's own never do.
    pub(crate) async fn expect_managed<'a>(
        &self,
        arns: impl IntoIterator<Item = &'a str>,
    ) -> Result<Batch, Failure> {
        let mut batch = Batch::new();
        let arns: BTreeSet<&str> = arns.into_iter().collect();
        for arn in arns {
            if managed(arn).is_some() {
                continue;
            }
            let row = self.find_managed(arn).await?.ok_or_else(|| {
                refused(errors::NoSuchEntityException(format!(
                    "Policy {arn} does not exist or is not attachable."
                )))
            })?;
            // Written again unchanged: whoever deletes it meanwhile finds that it was touched.
            let same = row.value.clone();
            batch = batch.replace(&row, &same);
        }
        Ok(batch)
    }

    /// A policy of the account.
    pub(crate) async fn find_managed(
        &self,
        arn: &str,
    ) -> Result<Option<Versioned<ManagedPolicyRow>>, Failure> {
        let name = arn.rsplit('/').next().unwrap_or_default();
        if name.is_empty() {
            return Ok(None);
        }
        let row = self.store.get::<ManagedPolicyRow>(self.account(), &key_of(name)).await?;
        Ok(row.filter(|row| row.value.arn == arn))
    }
}

pub(crate) fn check_attached<H: Holder>(row: &H) -> Result<(), Failure> {
    if row.permissions().attached.len() > ATTACHED_QUOTA {
        let noun = if H::NOUN == "role" { "Role" } else { "User" };
        let text = format!("Cannot exceed quota for PoliciesPer{noun}: {ATTACHED_QUOTA}");
        return Err(refused(errors::LimitExceededException(text)));
    }
    Ok(())
}

/// Adds or replaces an inline policy, whose document must read.
pub(crate) fn put_inline<H: Holder>(row: &mut H, policy: &str, document: &str) -> Result<(), Failure> {
    check_document(document, Kind::Identity)?;
    row.permissions_mut().inline.insert(policy.to_owned(), document.to_owned());
    let total: usize = row.permissions().inline.values().map(|document| without_spaces(document)).sum();
    if total > H::INLINE_QUOTA {
        let text = format!(
            "Maximum policy size of {} bytes exceeded for {} {}",
            H::INLINE_QUOTA,
            H::NOUN,
            row.name()
        );
        return Err(refused(errors::LimitExceededException(text)));
    }
    Ok(())
}

pub(crate) fn check_document(document: &str, kind: Kind) -> Result<(), Failure> {
    Policy::parse(document, kind)
        .map(drop)
        .map_err(|cause| refused(errors::MalformedPolicyDocumentException(cause.to_string())))
}

/// White space does not count towards the quotas.
pub(crate) fn without_spaces(document: &str) -> usize {
    document.chars().filter(|letter| !letter.is_whitespace()).count()
}
