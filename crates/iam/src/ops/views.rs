//! Rows as the API shows them.

use std::collections::BTreeMap;

use facts::iam;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::rows::{ManagedPolicyRow, Permissions, RoleRow, UserRow};

/// Policies are shown percent-encoded (RFC 3986), as every SDK expects them.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn document(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

pub(super) fn role(row: &RoleRow) -> iam::Role {
    iam::Role {
        path: row.path.clone(),
        role_name: row.name.clone(),
        role_id: row.id.clone(),
        arn: row.arn.clone(),
        create_date: row.created_at.epoch_seconds(),
        assume_role_policy_document: Some(document(&row.trust)),
        description: row.description.clone(),
        max_session_duration: Some(row.max_session_duration),
        permissions_boundary: boundary(&row.permissions),
        tags: some_tags(&row.tags),
        ..iam::Role::default()
    }
}

pub(super) fn user(row: &UserRow) -> iam::User {
    iam::User {
        path: row.path.clone(),
        user_name: row.name.clone(),
        user_id: row.id.clone(),
        arn: row.arn.clone(),
        create_date: row.created_at.epoch_seconds(),
        permissions_boundary: boundary(&row.permissions),
        tags: some_tags(&row.tags),
        ..iam::User::default()
    }
}

pub(super) fn policy(row: &ManagedPolicyRow, attachments: usize, boundaries: usize) -> iam::Policy {
    iam::Policy {
        policy_name: Some(row.name.clone()),
        policy_id: Some(row.id.clone()),
        arn: Some(row.arn.clone()),
        path: Some(row.path.clone()),
        default_version_id: Some(format!("v{}", row.default_version)),
        attachment_count: i64::try_from(attachments).ok(),
        permissions_boundary_usage_count: i64::try_from(boundaries).ok(),
        is_attachable: Some(true),
        description: row.description.clone(),
        create_date: Some(row.created_at.epoch_seconds()),
        update_date: Some(row.updated_at.epoch_seconds()),
        tags: some_tags(&row.tags),
    }
}

pub(super) fn tags(tags: &BTreeMap<String, String>) -> Vec<iam::Tag> {
    tags.iter().map(|(key, value)| iam::Tag { key: key.clone(), value: value.clone() }).collect()
}

pub(super) fn read_tags(tags: Option<Vec<iam::Tag>>) -> BTreeMap<String, String> {
    tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect()
}

fn some_tags(given: &BTreeMap<String, String>) -> Option<Vec<iam::Tag>> {
    (!given.is_empty()).then(|| tags(given))
}

fn boundary(permissions: &Permissions) -> Option<iam::AttachedPermissionsBoundary> {
    permissions.boundary.as_ref().map(|arn| iam::AttachedPermissionsBoundary {
        permissions_boundary_type: Some(String::from("Policy")),
        permissions_boundary_arn: Some(arn.clone()),
    })
}
