//! Makes the tokens of a sign-in.

use std::{collections::BTreeMap, sync::Arc};

use base::Timestamp;
use crypto::{jwk::KeyError, jwt};
use ports::RngExt;
use serde_json::{Map, Value};

use super::{
    claims::{self, Grant},
    refresh_token::RefreshToken,
};
use crate::{
    directory::{Client, Pool},
    flows::SignInError,
    raise::Raise,
    rows::{RefreshFamilyRow, UserRow},
    service::Service,
    triggers::pre_token_generation,
};

/// For the OAuth endpoints: tokens for someone who signed in at the pages.
#[derive(Clone, Debug)]
pub struct IssueRequest {
    pub client_id: String,
    /// From [`SignedIn`](crate::flows::SignedIn).
    pub username_key: String,
    pub sub: String,
    pub signed_in_at: Timestamp,
    pub scopes: Vec<String>,
    pub nonce: Option<String>,
    /// The implicit grant has none (RFC 6749, section 4.2.2).
    pub refresh_token: bool,
}

#[derive(Clone, Debug)]
pub struct Issued {
    /// None where the scopes have no `openid`.
    pub id_token: Option<String>,
    pub access_token: String,
    /// None at a refresh that does not rotate, and where none was asked for.
    pub refresh_token: Option<String>,
    /// Seconds that the access token lives.
    pub expires_in: i64,
}

/// Claims ready to be signed and a family ready to be committed: the two can happen at the same time, and the tokens are
/// handed out when both have.
pub struct Prepared {
    pub family: RefreshFamilyRow,
    id: Option<Map<String, Value>>,
    access: Map<String, Value>,
    refresh_token: Option<String>,
    expires_in: i64,
}

/// What the tokens are made for.
pub struct Occasion<'a> {
    pub pool: &'a Arc<Pool>,
    pub client: &'a Arc<Client>,
    pub user: &'a UserRow,
    pub grant: Grant,
    /// `TokenGeneration_Authentication`, `TokenGeneration_RefreshTokens`, …
    pub trigger_source: &'static str,
    pub client_metadata: &'a BTreeMap<String, String>,
    /// The family as it is, for a refresh; a sign-in begins one.
    pub family: Option<RefreshFamilyRow>,
    pub with_refresh_token: bool,
}

pub async fn prepare(service: &Service, occasion: Occasion<'_>) -> Result<Prepared, Raise<SignInError>> {
    let Occasion {
        pool,
        client,
        user,
        mut grant,
        trigger_source,
        client_metadata,
        family,
        with_refresh_token,
    } = occasion;
    let now = service.clock.now();
    let overrides =
        pre_token_generation::ask(service, pool, client, user, &grant, trigger_source, client_metadata)
            .await?;
    let mut shown = user.clone();
    overrides.regroup(&mut shown);
    overrides.rescope(&mut grant.scopes);
    let issuer = claims::issuer(&service.config, pool);
    let mut id = grant
        .has_id_token()
        .then(|| claims::id_claims(&issuer, client, &shown, &grant, service.rng.uuid(), now));
    let mut access = claims::access_claims(&issuer, client, &shown, &grant, service.rng.uuid(), now);
    overrides.apply(id.as_mut(), &mut access);

    let lifetime =
        if with_refresh_token { client.refresh_token_seconds() } else { client.access_token_seconds() };
    let family = family.unwrap_or_else(|| RefreshFamilyRow {
        user_pool_id: pool.id().to_owned(),
        origin_jti: grant.origin_jti.clone(),
        client_id: client.id().to_owned(),
        username_key: user.username_key.clone(),
        sub: user.sub.clone(),
        signed_in_at: grant.signed_in_at,
        generation: 0,
        rotated_at: now,
        event_id: grant.event_id.clone(),
        oauth: grant.oauth,
        scopes: grant.scopes.clone(),
        expires_at: now.plus_seconds(lifetime),
    });
    let refresh_token = if with_refresh_token {
        let token = RefreshToken {
            origin_jti: family.origin_jti.clone(),
            generation: family.generation,
            expires: family.expires_at.seconds(),
        };
        Some(token.seal(&service.sealer, pool.id(), client.id())?)
    } else {
        None
    };
    Ok(Prepared { family, id, access, refresh_token, expires_in: client.access_token_seconds() })
}

impl Prepared {
    /// Both signatures in one piece of work: a queue is crossed once.
    pub async fn sign<E>(self, service: &Service, pool: &Pool) -> Result<Issued, Raise<E>> {
        let keys = service.keys.of(pool.id()).await?;
        let Self { id, access, refresh_token, expires_in, .. } = self;
        let signed = service.heavy(move || {
            let id = id.map(|claims| jwt::sign(&keys.id, &claims)).transpose()?;
            Ok::<_, KeyError>((id, jwt::sign(&keys.access, &access)?))
        });
        let (id_token, access_token) = signed.await??;
        Ok(Issued { id_token, access_token, refresh_token, expires_in })
    }
}
