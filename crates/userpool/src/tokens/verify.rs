//! Checks a token against its pool's keys.

use std::sync::Weak;

use async_trait::async_trait;
use crypto::jwt::{self, Token};
use serde_json::{Map, Value};

use super::{TokenRejected, VerifiedToken, VerifyTokens};
use crate::{raise::Raise, service::Service};

/// The real thing behind [`PoolTokens`](super::PoolTokens).
pub struct StoreVerifier {
    pub service: Weak<Service>,
}

#[async_trait]
impl VerifyTokens for StoreVerifier {
    async fn verify(&self, pool_id: &str, token: &str) -> Result<VerifiedToken, TokenRejected> {
        let service = self.service.upgrade();
        let service = service.ok_or_else(|| TokenRejected::Unavailable(String::from("shutting down")))?;
        verify(&service, pool_id, token).await
    }
}

/// Signature first: nothing a token says is believed before.
pub async fn verify(service: &Service, pool_id: &str, token: &str) -> Result<VerifiedToken, TokenRejected> {
    let unverified = Token::parse(token).map_err(|_| TokenRejected::Malformed)?;
    let pool = service.directory.find_pool(pool_id).await;
    let pool = pool.map_err(|cause| TokenRejected::Unavailable(cause.to_string()))?;
    let pool = pool.ok_or(TokenRejected::NoSuchPool)?;
    let keys = service.keys.of::<std::convert::Infallible>(pool_id).await.map_err(|cause| match cause {
        Raise::Unavailable(cause) | Raise::Internal(cause) => TokenRejected::Unavailable(cause),
        Raise::Busy => TokenRejected::Unavailable(String::from("busy")),
        Raise::Aws(never) => match never {},
    })?;
    let key =
        unverified.unverified_kid().and_then(|kid| keys.by_kid(kid)).ok_or(TokenRejected::UnknownKey)?;
    let claims: Map<String, Value> = jwt::verify(token, key).map_err(|_| TokenRejected::Signature)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if text("iss") != Some(service.config.issuer_of(pool.id()).as_str()) {
        return Err(TokenRejected::Issuer);
    }
    let token_use =
        text("token_use").filter(|name| matches!(*name, "id" | "access")).ok_or(TokenRejected::Use)?;
    let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or(0);
    if service.clock.now().seconds() >= expires {
        return Err(TokenRejected::Expired);
    }
    let scopes = match token_use {
        "access" => text("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let token_use = token_use.to_owned();
    Ok(VerifiedToken { claims, token_use, scopes })
}
