//! Roles as CloudFormation makes them: all of one at once (`AWS::IAM::Role`).

use std::collections::BTreeMap;

use base::AwsError;
use facts::iam::errors;
use serde_json::Value;
use store::{Batch, Versioned};

use crate::{
    Iam, Inner,
    failure::{Failure, refused},
    holders::{check_attached, check_document, put_inline},
    policy::Kind,
    rows::{Permissions, RoleRow, key_of},
};

/// Seconds: the least and the default of `MaxSessionDuration`.
pub(crate) const DEFAULT_SESSION: i64 = 3600;

/// What a role is to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleSpec {
    pub name: String,
    /// `/` where empty.
    pub path: String,
    /// `AssumeRolePolicyDocument`
    pub trust: Value,
    pub description: Option<String>,
    /// Seconds; 3600 where `None`.
    pub max_session_duration: Option<i64>,
    pub managed_policy_arns: Vec<String>,
    /// Inline policies by name.
    pub inline: BTreeMap<String, Value>,
    pub permissions_boundary: Option<String>,
    pub tags: BTreeMap<String, String>,
}

/// What a role is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleView {
    pub name: String,
    pub arn: String,
    /// `AROA…`
    pub id: String,
    pub path: String,
}

impl Iam {
    pub async fn role(&self, name: &str) -> Result<Option<RoleView>, AwsError> {
        let row = self.inner.store.get::<RoleRow>(self.inner.account(), &key_of(name)).await;
        Ok(row.map_err(Failure::from)?.map(|row| view(row.value)))
    }

    /// `EntityAlreadyExists` where there is one of that name.
    pub async fn create_role(&self, spec: &RoleSpec) -> Result<RoleView, AwsError> {
        self.inner.create_role(spec).await.map(view).map_err(AwsError::from)
    }

    /// Brings the role to what `spec` says; name and path stay.
    pub async fn update_role(&self, spec: &RoleSpec) -> Result<RoleView, AwsError> {
        let inner = &self.inner;
        let updated: Result<RoleRow, Failure> = inner
            .store
            .decide(async || {
                let read: Versioned<RoleRow> = inner.read_holder(&spec.name).await?;
                let (policies, row) = inner.role_from(spec, Some(&read.value)).await?;
                Ok((policies.replace(&read, &row), row))
            })
            .await;
        inner.cache.drop_holder::<RoleRow>(&spec.name);
        updated.map(view).map_err(AwsError::from)
    }

    /// With its policies; a role that is not there is deleted already.
    pub async fn delete_role(&self, name: &str) -> Result<(), AwsError> {
        let batch = Batch::new().delete::<RoleRow>(self.inner.account(), &key_of(name));
        let deleted = self.inner.store.commit(batch).await;
        self.inner.cache.drop_holder::<RoleRow>(name);
        deleted.map_err(|error| Failure::from(error).into())
    }
}

impl Inner {
    pub(crate) async fn create_role(&self, spec: &RoleSpec) -> Result<RoleRow, Failure> {
        let created: Result<RoleRow, Failure> = self
            .store
            .decide(async || {
                if self.store.get::<RoleRow>(self.account(), &key_of(&spec.name)).await?.is_some() {
                    let text = format!("Role with name {} already exists.", spec.name);
                    return Err(refused(errors::EntityAlreadyExistsException(text)));
                }
                let (policies, row) = self.role_from(spec, None).await?;
                Ok((policies.insert(&row), row))
            })
            .await;
        self.cache.drop_holder::<RoleRow>(&spec.name);
        created
    }

    /// The row, and what it rests on.
    async fn role_from(&self, spec: &RoleSpec, old: Option<&RoleRow>) -> Result<(Batch, RoleRow), Failure> {
        let trust = spec.trust.to_string();
        check_document(&trust, Kind::Trust)?;
        let path = match old {
            Some(old) => old.path.clone(),
            None if spec.path.is_empty() => String::from("/"),
            None => spec.path.clone(),
        };
        let name = old.map_or(&spec.name, |old| &old.name).clone();
        let arns = spec.managed_policy_arns.iter().chain(&spec.permissions_boundary);
        let policies = self.expect_managed(arns.map(String::as_str)).await?;
        let mut row = RoleRow {
            account: self.account().to_owned(),
            id: old.map_or_else(|| self.new_id("AROA"), |old| old.id.clone()),
            arn: format!("arn:aws:iam::{}:role{path}{name}", self.account()),
            name,
            path,
            trust,
            description: spec.description.clone(),
            max_session_duration: spec.max_session_duration.unwrap_or(DEFAULT_SESSION),
            permissions: Permissions {
                attached: spec.managed_policy_arns.iter().cloned().collect(),
                boundary: spec.permissions_boundary.clone(),
                ..Permissions::default()
            },
            tags: spec.tags.clone(),
            created_at: old.map_or_else(|| self.clock.now(), |old| old.created_at),
        };
        check_attached(&row)?;
        for (name, document) in &spec.inline {
            put_inline(&mut row, name, &document.to_string())?;
        }
        Ok((policies, row))
    }
}

fn view(row: RoleRow) -> RoleView {
    RoleView { name: row.name, arn: row.arn, id: row.id, path: row.path }
}
