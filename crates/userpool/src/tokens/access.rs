//! Who holds an access token: the check before every operation on one's own user.

use std::sync::Arc;

use crypto::jwt::Token;
use facts::cognito_idp::errors::Common;
use serde_json::Value;
use store::Versioned;

use super::{USER_ADMIN_SCOPE, VerifiedToken, verify::verify};
use crate::{
    directory::{Client, Pool},
    raise::{NotAuthorizedException, Raise, UserNotFoundException, not_authorized},
    rows::{RefreshFamilyRow, UserRow},
    service::Service,
    tokens::TokenRejected,
};

/// An access token that is genuine and not revoked, and its user, who is there and enabled.
pub struct Holder {
    pub pool: Arc<Pool>,
    pub client: Arc<Client>,
    pub user: Versioned<UserRow>,
    pub scopes: Vec<String>,
}

/// As [`authorize`], for operations that have no word for a user who is gone.
pub async fn authorize_or_gone<E>(service: &Service, token: &str) -> Result<Holder, Raise<E>>
where
    E: Common + From<NotAuthorizedException>,
{
    let holder = holder(service, token).await?;
    let holder = holder.ok_or_else(|| not_authorized("Access Token has been revoked"))?;
    check_scope(holder)
}

/// Everything but the scope: for `userInfo`, which wants `openid`. `None` where the user is gone.
pub async fn holder<E>(service: &Service, token: &str) -> Result<Option<Holder>, Raise<E>>
where
    E: Common + From<NotAuthorizedException>,
{
    let pool_id = pool_of(token).ok_or_else(|| not_authorized("Invalid Access Token"))?;
    let verified = verify(service, &pool_id, token).await.map_err(|rejected| match rejected {
        TokenRejected::Expired => not_authorized("Access Token has expired"),
        TokenRejected::Unavailable(cause) => Raise::Unavailable(cause),
        _ => not_authorized("Invalid Access Token"),
    })?;
    if verified.token_use != "access" {
        return Err(not_authorized("Invalid Access Token"));
    }
    let text = |name: &str| verified.claims.get(name).and_then(Value::as_str);
    let (Some(client_id), Some(username), Some(sub)) = (text("client_id"), text("username"), text("sub"))
    else {
        return Err(not_authorized("Invalid Access Token"));
    };
    let pool = service.directory.find_pool(&pool_id).await?;
    let client = service.directory.find_client(client_id).await?;
    let (Some(pool), Some(client)) = (pool, client.filter(|client| client.user_pool_id == pool_id)) else {
        return Err(not_authorized("Invalid Access Token"));
    };
    let user = service.store.get::<UserRow>(&pool_id, &pool.normalised(username)).await?;
    let Some(user) = user.filter(|user| user.value.sub == sub) else {
        return Ok(None);
    };
    if !user.value.enabled {
        return Err(not_authorized("User is disabled."));
    }
    check_revoked(service, &verified, text("origin_jti"), &user.value).await?;
    Ok(Some(Holder { pool, client, user, scopes: verified.scopes }))
}

/// As [`holder`], with the scope that lets the holder act on their user.
pub async fn authorize<E>(service: &Service, token: &str) -> Result<Holder, Raise<E>>
where
    E: Common + From<NotAuthorizedException> + From<UserNotFoundException>,
{
    let holder = holder(service, token).await?;
    let holder = holder.ok_or_else(|| UserNotFoundException(String::from("User does not exist.")))?;
    check_scope(holder)
}

fn check_scope<E: From<NotAuthorizedException>>(holder: Holder) -> Result<Holder, Raise<E>> {
    if holder.scopes.iter().any(|scope| scope == USER_ADMIN_SCOPE) {
        Ok(holder)
    } else {
        Err(not_authorized("Access Token does not have required scopes"))
    }
}

/// A token is as good as its sign-in: while the family is there, and began after the last global sign-out.
async fn check_revoked<E: From<NotAuthorizedException>>(
    service: &Service,
    token: &VerifiedToken,
    origin_jti: Option<&str>,
    user: &UserRow,
) -> Result<(), Raise<E>> {
    let good = match origin_jti {
        Some(origin_jti) => {
            let family = service.store.get::<RefreshFamilyRow>(&user.user_pool_id, origin_jti).await?;
            family.is_some_and(|family| {
                family.value.sub == user.sub && family.value.signed_in_at >= user.tokens_valid_after
            })
        }
        None => {
            let signed_in = token.claims.get("auth_time").and_then(Value::as_i64).unwrap_or(0);
            signed_in >= user.tokens_valid_after.seconds()
        }
    };
    if good { Ok(()) } else { Err(not_authorized("Access Token has been revoked")) }
}

/// Which pool the token says it is of: nothing is believed yet, this only finds the keys.
fn pool_of(token: &str) -> Option<String> {
    let token = Token::parse(token).ok()?;
    let issuer = token.unverified_claims().get("iss").and_then(Value::as_str)?;
    issuer.rsplit_once('/').map(|(_, pool)| pool.to_owned())
}
