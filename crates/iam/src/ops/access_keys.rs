//! Access keys of users. The root user's key is the server's to make: see `root_key`.

use base::Caller;
use facts::iam::{self, errors};
use store::{Batch, Versioned};

use super::{
    Answer, DONE,
    paging::page,
    users::{keys_of, name_needed},
};
use crate::{
    Inner, PrincipalKind,
    failure::{Failure, refused},
    rows::{AccessKeyRow, KeyOwner, KeyStatus, UserRow},
};

const QUOTA: usize = 2;

pub(super) async fn create(
    inner: &Inner,
    caller: &Caller,
    input: iam::CreateAccessKeyRequest,
) -> Answer<iam::CreateAccessKey> {
    let name = user_name(inner, caller, input.user_name).await?;
    let (id, secret) = (inner.new_access_key_id(), inner.new_secret());
    let sealed = inner.seal_secret(&id, &secret)?;
    let row: Result<AccessKeyRow, Failure> = inner
        .store
        .decide(async || {
            let user: Versioned<UserRow> = inner.read_holder(&name).await?;
            if keys_of(inner, &name).await?.len() >= QUOTA {
                let text = format!("Cannot exceed quota for AccessKeysPerUser: {QUOTA}");
                return Err(refused(errors::LimitExceededException(text)));
            }
            let row = AccessKeyRow {
                account: inner.account().to_owned(),
                access_key_id: id.clone(),
                owner: KeyOwner::User { name: user.value.name.clone(), id: user.value.id.clone() },
                sealed_secret: sealed.clone(),
                status: KeyStatus::Active,
                created_at: inner.clock.now(),
            };
            let counted = UserRow { keys_made: user.value.keys_made + 1, ..user.value.clone() };
            Ok((Batch::new().replace(&user, &counted).insert(&row), row))
        })
        .await;
    let row = row?;
    Ok(iam::CreateAccessKeyResponse {
        access_key: iam::AccessKey {
            user_name: name,
            access_key_id: row.access_key_id,
            status: status(row.status),
            secret_access_key: secret.expose().clone(),
            create_date: Some(row.created_at.epoch_seconds()),
        },
    })
}

pub(super) async fn list(
    inner: &Inner,
    caller: &Caller,
    input: iam::ListAccessKeysRequest,
) -> Answer<iam::ListAccessKeys> {
    let name = user_name(inner, caller, input.user_name).await?;
    let user: Versioned<UserRow> = inner.read_holder(&name).await?;
    let rows = keys_of(inner, &name).await?.into_iter().map(|row| row.value).collect();
    let page = page(rows, store::Collection::key, input.marker.as_deref(), input.max_items)?;
    let shown = |row: AccessKeyRow| iam::AccessKeyMetadata {
        user_name: Some(user.value.name.clone()),
        access_key_id: Some(row.access_key_id),
        status: Some(status(row.status)),
        create_date: Some(row.created_at.epoch_seconds()),
    };
    Ok(iam::ListAccessKeysResponse {
        access_key_metadata: page.items.into_iter().map(shown).collect(),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

pub(super) async fn update(
    inner: &Inner,
    caller: &Caller,
    input: iam::UpdateAccessKeyRequest,
) -> Answer<iam::UpdateAccessKey> {
    let wanted = match input.status.as_str() {
        "Active" => KeyStatus::Active,
        "Inactive" => KeyStatus::Inactive,
        other => {
            let text = format!("Status {other} cannot be set.");
            return Err(refused(errors::InvalidInputException(text)));
        }
    };
    let name = user_name(inner, caller, input.user_name).await?;
    let id = input.access_key_id;
    let updated: Result<(), Failure> = inner
        .store
        .decide(async || {
            let read = key(inner, &name, &id).await?;
            let row = AccessKeyRow { status: wanted, ..read.value.clone() };
            Ok((Batch::new().replace(&read, &row), ()))
        })
        .await;
    inner.cache.drop_key(&id);
    updated.map(|()| DONE)
}

pub(super) async fn delete(
    inner: &Inner,
    caller: &Caller,
    input: iam::DeleteAccessKeyRequest,
) -> Answer<iam::DeleteAccessKey> {
    let name = user_name(inner, caller, input.user_name).await?;
    let id = input.access_key_id;
    let deleted: Result<(), Failure> =
        inner.store.decide(async || Ok((Batch::new().spend(&key(inner, &name, &id).await?), ()))).await;
    inner.cache.drop_key(&id);
    deleted.map(|()| DONE)
}

/// When a key was last used is not written down: a read must not cost a write. AWS answers `N/A` for what it does not know.
pub(super) async fn last_used(
    inner: &Inner,
    _: &Caller,
    input: iam::GetAccessKeyLastUsedRequest,
) -> Answer<iam::GetAccessKeyLastUsed> {
    let key = inner.key(&input.access_key_id).await?.ok_or_else(|| {
        let text = format!("The Access Key with id {} cannot be found.", input.access_key_id);
        refused(errors::ValidationError(text))
    })?;
    let user_name = match &key.owner {
        KeyOwner::Root => None,
        KeyOwner::User { name, .. } => Some(name.clone()),
    };
    let unknown = || String::from("N/A");
    Ok(iam::GetAccessKeyLastUsedResponse {
        user_name,
        access_key_last_used: Some(iam::AccessKeyLastUsed {
            last_used_date: None,
            service_name: unknown(),
            region: unknown(),
        }),
    })
}

/// Without a name, the caller's.
async fn user_name(inner: &Inner, caller: &Caller, given: Option<String>) -> Result<String, Failure> {
    match given {
        Some(name) => Ok(name),
        None => match inner.principal_of(&caller.identity).await?.kind {
            PrincipalKind::User { name } => Ok(name),
            PrincipalKind::Root | PrincipalKind::AssumedRole { .. } => Err(name_needed()),
        },
    }
}

/// A key, if it is this user's.
async fn key(inner: &Inner, name: &str, id: &str) -> Result<Versioned<AccessKeyRow>, Failure> {
    let user: Versioned<UserRow> = inner.read_holder(name).await?;
    let row = inner.store.get::<AccessKeyRow>(inner.account(), id).await?;
    row.filter(|row| matches!(&row.value.owner, KeyOwner::User { id, .. } if *id == user.value.id))
        .ok_or_else(|| {
            refused(errors::NoSuchEntityException(format!("The Access Key with id {id} cannot be found.")))
        })
}

fn status(status: KeyStatus) -> String {
    String::from(match status {
        KeyStatus::Active => "Active",
        KeyStatus::Inactive => "Inactive",
    })
}
