//! `COGNITO_USER_POOLS`: a token of one of the named pools, of any of its clients
//! (Amazon API Gateway Developer Guide, "Control access to REST APIs using Amazon Cognito user pools as an authorizer").
//!
//! Where the method names no scopes the token must be an ID token; where it names some, an access token that has one of
//! them.

use std::sync::Arc;

use base::Timestamp;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use quick_cache::sync::Cache;
use regex::Regex;
use serde::Deserialize;
use userpool::tokens::{PoolTokens, TokenRejected};

use super::{Authorized, VerifiedClaims, identity_source::IdentitySource};
use crate::{definitions::AuthorizerDefinition, payload::context::Exchange, responses::Refusal};

/// Tokens are a few kilobytes at most; a longer one is refused before any work is done on it.
const TOKEN_LIMIT: usize = 16 * 1024;
/// How long a verified token is believed without looking again: a pool that was deleted, or a key that was replaced,
/// is noticed within this time.
const BELIEF_SECONDS: i64 = 60;
/// Verified tokens held at once.
const CACHE_SIZE: usize = 10_000;

#[derive(Debug)]
pub struct CognitoAuthorizer {
    /// API, deployment and authorizer: what a cached token was verified for.
    pub scope: String,
    pools: Vec<String>,
    source: IdentitySource,
    audience: Option<Regex>,
}

/// Tokens that were verified, by the SHA-256 of authorizer and token: what is held cannot be replayed.
#[derive(Clone)]
pub struct TokenCache {
    verified: Arc<Cache<[u8; 32], Believed>>,
}

#[derive(Clone)]
struct Believed {
    claims: Arc<VerifiedClaims>,
    until: Timestamp,
}

impl Default for TokenCache {
    fn default() -> Self {
        Self { verified: Arc::new(Cache::new(CACHE_SIZE)) }
    }
}

impl CognitoAuthorizer {
    pub fn compile(scope: String, definition: &AuthorizerDefinition) -> Result<Self, String> {
        let pools = definition.provider_arns.iter().map(|arn| pool_of(arn)).collect::<Result<Vec<_>, _>>()?;
        if pools.is_empty() {
            return Err(String::from(
                "Invalid Authorizer ARN: a COGNITO_USER_POOLS authorizer needs ProviderARNs",
            ));
        }
        let source = definition.identity_source.as_deref().unwrap_or("method.request.header.Authorization");
        let audience = definition.identity_validation_expression.as_deref().map(super::lambda::whole_match);
        Ok(Self { scope, pools, source: IdentitySource::parse(source)?, audience: audience.transpose()? })
    }

    pub async fn authorize(
        &self,
        exchange: &Exchange<'_>,
        scopes: &[String],
        tokens: &PoolTokens,
        cache: &TokenCache,
        now: Timestamp,
    ) -> Result<Authorized, Refusal> {
        let presented = self.source.value(exchange);
        let token = presented.as_deref().map(bare).filter(|token| token.len() <= TOKEN_LIMIT);
        let token = token.ok_or_else(|| Refusal::unauthorized().because("no token"))?;
        let claims = self.verified(token, tokens, cache, now).await?;
        self.check(&claims, scopes)?;
        Ok(Authorized::Claims(claims))
    }

    async fn verified(
        &self,
        token: &str,
        tokens: &PoolTokens,
        cache: &TokenCache,
        now: Timestamp,
    ) -> Result<Arc<VerifiedClaims>, Refusal> {
        let key = crypto::digest::sha256_of(&[self.scope.as_bytes(), b"\0", token.as_bytes()]);
        if let Some(believed) = cache.verified.get(&key) {
            if now < believed.until {
                return Ok(believed.claims);
            }
            cache.verified.remove(&key);
        }
        let pool = self.pool_for(token)?;
        let verified = tokens.verify(pool, token).await.map_err(|rejected| match rejected {
            TokenRejected::Unavailable(cause) => Refusal::unavailable(cause),
            other => Refusal::unauthorized().because(other.to_string()),
        })?;
        let claims = Arc::new(VerifiedClaims::of(verified));
        if now >= claims.expires_at {
            return Err(Refusal::unauthorized().because("expired"));
        }
        let until = claims.expires_at.min(now.plus_seconds(BELIEF_SECONDS));
        cache.verified.insert(key, Believed { claims: Arc::clone(&claims), until });
        Ok(claims)
    }

    /// The pool whose keys the token is held to: with several, the one it says issued it. What it says is only used to
    /// choose among the pools that the API's owner named; the signature then has to be that pool's.
    fn pool_for(&self, token: &str) -> Result<&str, Refusal> {
        #[derive(Deserialize)]
        struct Issued {
            iss: String,
        }
        if let [only] = self.pools.as_slice() {
            return Ok(only);
        }
        let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
        let issued = payload.and_then(|payload| serde_json::from_slice::<Issued>(&payload).ok());
        let claimed = issued.as_ref().and_then(|issued| issued.iss.rsplit('/').next());
        let pool = self.pools.iter().find(|pool| Some(pool.as_str()) == claimed);
        pool.map(String::as_str).ok_or_else(|| Refusal::unauthorized().because("another issuer's"))
    }

    fn check(&self, claims: &VerifiedClaims, scopes: &[String]) -> Result<(), Refusal> {
        let refused = |why: &str| Err(Refusal::unauthorized().because(why));
        if scopes.is_empty() {
            if claims.token_use != "id" {
                return refused("not an ID token, and the method names no scopes");
            }
        } else if claims.token_use != "access" {
            return refused("not an access token, and the method names scopes");
        } else if !scopes.iter().any(|scope| claims.scopes.contains(scope)) {
            return refused("none of the method's scopes");
        }
        match &self.audience {
            Some(pattern) if !pattern.is_match(&claims.client) => refused("another audience"),
            _ => Ok(()),
        }
    }
}

/// `Bearer ` may stand in front.
fn bare(header: &str) -> &str {
    match header.split_at_checked(7) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer ") => token.trim(),
        _ => header.trim(),
    }
}

/// `arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Ab3dEf9hI` → `us-east-1_Ab3dEf9hI`.
pub fn pool_of(arn: &str) -> Result<String, String> {
    let wrong = || format!("Invalid Authorizer ARN: {arn}");
    let parsed: base::Arn = arn.parse().map_err(|_| wrong())?;
    let pool = parsed.resource.strip_prefix("userpool/").filter(|pool| !pool.is_empty());
    match pool {
        Some(pool) if parsed.service == "cognito-idp" => Ok(pool.to_owned()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_may_stand_in_front() {
        for header in ["a.b.c", "Bearer a.b.c", "bearer a.b.c", "  a.b.c "] {
            assert_eq!(bare(header), "a.b.c", "{header}");
        }
        assert_eq!(bare("Basic a.b.c"), "Basic a.b.c");
        assert_eq!(bare("ü"), "ü");
    }

    #[test]
    fn a_pool_is_named_by_its_arn() {
        assert_eq!(
            pool_of("arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_Ab3dEf9hI").as_deref(),
            Ok("us-east-1_Ab3dEf9hI")
        );
        assert!(pool_of("us-east-1_Ab3dEf9hI").is_err());
        assert!(pool_of("arn:aws:lambda:us-east-1:000000000000:userpool/us-east-1_Ab3dEf9hI").is_err());
    }
}
