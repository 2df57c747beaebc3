//! New tokens for an old sign-in.

use std::{collections::BTreeMap, sync::Arc};

use store::{Batch, Versioned};

use super::{Grant, Issued, issue::Occasion, prepare, refresh_token::RefreshToken};
use crate::{
    directory::{Client, Pool},
    flows::SignInError,
    raise::{Raise, RefreshTokenReuseException, not_authorized},
    rows::{RefreshFamilyRow, UserRow},
    service::Service,
};

pub struct Refreshing<'a> {
    pub pool: &'a Arc<Pool>,
    pub client: &'a Arc<Client>,
    pub token: &'a str,
    pub client_metadata: &'a BTreeMap<String, String>,
    /// `SECRET_HASH` is made with a username, which only the token tells.
    pub check_user: &'a (dyn Fn(&UserRow) -> Result<(), Raise<SignInError>> + Sync),
}

/// Without rotation the refresh token stays good until it expires. With rotation each use gives the next one, and a token
/// that was used before, past its grace, ends the whole family: someone else has it (RFC 9700, section 4.14.2).
pub async fn refresh(service: &Service, refreshing: Refreshing<'_>) -> Result<Issued, Raise<SignInError>> {
    let Refreshing { pool, client, token, client_metadata, check_user } = refreshing;
    let shown = RefreshToken::open(token, &service.sealer, pool.id(), client.id());
    let shown = shown.ok_or_else(|| not_authorized("Invalid Refresh Token"))?;
    let now = service.clock.now();
    if shown.expires <= now.seconds() {
        return Err(not_authorized("Refresh Token has expired"));
    }
    let revoked = || not_authorized("Refresh Token has been revoked");
    let family =
        service.store.get::<RefreshFamilyRow>(pool.id(), &shown.origin_jti).await?.ok_or_else(revoked)?;
    let user = service.store.get::<UserRow>(pool.id(), &family.value.username_key).await?;
    let user = user.filter(|user| user.value.sub == family.value.sub).ok_or_else(revoked)?;
    check_user(&user.value)?;
    if family.value.client_id != client.id() || family.value.signed_in_at < user.value.tokens_valid_after {
        return Err(revoked());
    }
    if !user.value.enabled {
        return Err(not_authorized("User is disabled."));
    }
    let rotates = client.rotation_grace_seconds();
    let next = match rotates {
        None => Next::Keep,
        Some(grace) => rotate(&family.value, shown.generation, grace, now),
    };
    let (advanced, batch) = match next {
        Next::Keep => (family.value.clone(), Batch::new()),
        Next::Again(row) => (row, Batch::new()),
        Next::Advance(row) => {
            let batch = Batch::new().replace(&family, &row);
            (row, batch)
        }
        Next::Reused => {
            service.store.commit(Batch::new().spend(&family)).await?;
            let message = String::from("Refresh token has been invalidated by rotation");
            return Err(RefreshTokenReuseException(message).into());
        }
    };
    let grant = Grant {
        origin_jti: advanced.origin_jti.clone(),
        signed_in_at: advanced.signed_in_at,
        scopes: advanced.scopes.clone(),
        nonce: None,
        oauth: advanced.oauth,
        event_id: advanced.event_id.clone(),
    };
    let occasion = Occasion {
        pool,
        client,
        user: &user.value,
        grant,
        trigger_source: "TokenGeneration_RefreshTokens",
        client_metadata,
        family: Some(advanced),
        with_refresh_token: rotates.is_some(),
    };
    let prepared = prepare(service, occasion).await?;
    let committed = async {
        if batch.is_empty() {
            return Ok(());
        }
        service.store.commit(batch).await.map_err(Raise::from)
    };
    let ((), issued) = tokio::try_join!(committed, prepared.sign(service, pool))?;
    Ok(issued)
}

enum Next {
    Keep,
    /// A retry within the grace: the newest token, once more.
    Again(RefreshFamilyRow),
    Advance(RefreshFamilyRow),
    Reused,
}

fn rotate(family: &RefreshFamilyRow, shown: u32, grace: i64, now: base::Timestamp) -> Next {
    if shown == family.generation {
        let generation = family.generation.saturating_add(1);
        return Next::Advance(RefreshFamilyRow { generation, rotated_at: now, ..family.clone() });
    }
    let just_before = shown.saturating_add(1) == family.generation;
    if just_before && grace > 0 && now < family.rotated_at.plus_seconds(grace) {
        return Next::Again(family.clone());
    }
    Next::Reused
}

/// For callers that only need to know whose a refresh token is.
pub(super) async fn family_of<E>(
    service: &Service,
    pool: &Pool,
    client: &Client,
    token: &str,
) -> Result<Option<Versioned<RefreshFamilyRow>>, Raise<E>> {
    let Some(shown) = RefreshToken::open(token, &service.sealer, pool.id(), client.id()) else {
        return Ok(None);
    };
    Ok(service.store.get::<RefreshFamilyRow>(pool.id(), &shown.origin_jti).await?)
}
