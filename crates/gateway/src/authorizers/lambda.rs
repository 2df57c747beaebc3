//! `TOKEN` and `REQUEST`: a function decides, and its answer is kept for a while
//! (Amazon API Gateway Developer Guide, "Use API Gateway Lambda authorizers").

use std::{borrow::Cow, sync::Arc, time::Duration};

use base::Timestamp;
use bytes::Bytes;
use ports::{
    Invoke,
    invoke::{Invocation, InvokeError, ServicePrincipal},
};
use quick_cache::sync::Cache;
use regex::Regex;

use super::{
    Authorized, Verdict,
    identity_source::IdentitySource,
    policy::{refuse_denied, require_verdict},
};
use crate::{
    definitions::{AuthorizerDefinition, AuthorizerKind},
    integrations::function_uri,
    payload::{
        context::Exchange,
        event::{request_authorizer_event, token_authorizer_event},
    },
    responses::Refusal,
};

const CACHE_SIZE: usize = 10_000;
/// AWS: 300 seconds where nothing is said, 3,600 at most.
const DEFAULT_TTL_SECONDS: u32 = 300;
pub const TTL_LIMIT_SECONDS: u32 = 3600;
/// As long as an integration may take.
const DEADLINE: Duration = Duration::from_secs(29);

#[derive(Debug)]
pub struct LambdaAuthorizer {
    /// API, deployment and authorizer: what a kept verdict was given for.
    pub scope: String,
    by_token: bool,
    function: String,
    sources: Vec<IdentitySource>,
    validation: Option<Regex>,
    ttl_seconds: u32,
    principal: ServicePrincipal,
}

/// Verdicts by the SHA-256 of authorizer and identity.
#[derive(Clone)]
pub struct VerdictCache {
    kept: Arc<Cache<[u8; 32], Kept>>,
}

#[derive(Clone)]
struct Kept {
    verdict: Arc<Verdict>,
    until: Timestamp,
}

impl Default for VerdictCache {
    fn default() -> Self {
        Self { kept: Arc::new(Cache::new(CACHE_SIZE)) }
    }
}

impl LambdaAuthorizer {
    /// `source_arn` is the authorizer's: `arn:aws:execute-api:…:<api>/authorizers/<id>`.
    pub fn compile(
        scope: String,
        definition: &AuthorizerDefinition,
        stage_variables: &std::collections::BTreeMap<String, String>,
        source_arn: String,
        account: String,
    ) -> Result<Self, String> {
        let by_token = definition.kind == AuthorizerKind::Token;
        let uri = definition.authorizer_uri.as_deref().unwrap_or_default();
        let function = function_uri::function_of(uri, stage_variables)?;
        let default = if by_token { "method.request.header.Authorization" } else { "" };
        let sources = IdentitySource::parse_list(definition.identity_source.as_deref().unwrap_or(default))?;
        if by_token && !matches!(sources.as_slice(), [IdentitySource::Header(_)]) {
            return Err(String::from("Invalid identity source: a TOKEN authorizer has one header"));
        }
        let ttl_seconds = definition.authorizer_result_ttl_in_seconds.unwrap_or(DEFAULT_TTL_SECONDS);
        if ttl_seconds > TTL_LIMIT_SECONDS {
            return Err(format!("Authorizer result TTL is at most {TTL_LIMIT_SECONDS} seconds"));
        }
        if sources.is_empty() && ttl_seconds > 0 {
            return Err(String::from(
                "Identity source is required for a REQUEST authorizer whose result is cached",
            ));
        }
        let validation = definition.identity_validation_expression.as_deref().map(whole_match).transpose()?;
        let principal = ServicePrincipal {
            service: String::from("apigateway.amazonaws.com"),
            source_arn,
            source_account: account,
        };
        Ok(Self { scope, by_token, function, sources, validation, ttl_seconds, principal })
    }

    pub async fn authorize(
        &self,
        exchange: &Exchange<'_>,
        invoke: &dyn Invoke,
        cache: &VerdictCache,
        now: Timestamp,
    ) -> Result<Authorized, Refusal> {
        refuse_denied(exchange)?;
        let identity: Option<Vec<Cow<'_, str>>> =
            self.sources.iter().map(|source| source.value(exchange)).collect();
        let identity =
            identity.ok_or_else(|| Refusal::unauthorized().because("an identity source is missing"))?;
        if let (true, Some(pattern)) = (self.by_token, &self.validation)
            && !identity.first().is_some_and(|token| pattern.is_match(token))
        {
            return Err(Refusal::unauthorized().because("the token does not look like one"));
        }
        let key = self.cache_key(&identity);
        let kept = cache.kept.get(&key).filter(|kept| now < kept.until);
        let verdict = match kept {
            Some(kept) => kept.verdict,
            None => {
                let verdict = Arc::new(self.ask(exchange, &identity, invoke).await?);
                if self.ttl_seconds > 0 {
                    let until = now.plus_seconds(self.ttl_seconds.into());
                    cache.kept.insert(key, Kept { verdict: Arc::clone(&verdict), until });
                }
                verdict
            }
        };
        require_verdict(exchange, &verdict.policy)?;
        Ok(Authorized::Verdict(verdict))
    }

    /// Each part with its length, so that no two lists of identities run into one another.
    fn cache_key(&self, identity: &[Cow<'_, str>]) -> [u8; 32] {
        let lengths: Vec<[u8; 8]> = identity.iter().map(|part| (part.len() as u64).to_be_bytes()).collect();
        let mut parts: Vec<&[u8]> = vec![self.scope.as_bytes(), b"\0"];
        for (length, part) in lengths.iter().zip(identity) {
            parts.push(length);
            parts.push(part.as_bytes());
        }
        crypto::digest::sha256_of(&parts)
    }

    async fn ask(
        &self,
        exchange: &Exchange<'_>,
        identity: &[Cow<'_, str>],
        invoke: &dyn Invoke,
    ) -> Result<Verdict, Refusal> {
        let payload = if self.by_token {
            token_authorizer_event(exchange, identity.first().map_or("", |token| token))
        } else {
            request_authorizer_event(exchange)
        };
        let invocation = Invocation {
            function: self.function.clone(),
            payload: Bytes::from(payload),
            on_behalf_of: Some(self.principal.clone()),
            wait: true,
            tail_log: false,
            client_context: None,
        };
        let invoked = match tokio::time::timeout(DEADLINE, invoke.invoke(invocation)).await {
            Err(_) => return Err(Refusal::authorizer_failed("no answer in time")),
            Ok(Err(InvokeError::Throttled)) => return Err(Refusal::authorizer_failed("throttled")),
            Ok(Err(cause)) => return Err(Refusal::authorizer_misconfigured(cause.to_string())),
            Ok(Ok(invoked)) => invoked,
        };
        if invoked.function_error.is_some() {
            return Err(match error_message(&invoked.payload).as_deref() {
                Some("Unauthorized") => Refusal::unauthorized(),
                other => Refusal::authorizer_misconfigured(format!(
                    "the function failed: {}",
                    other.unwrap_or("?")
                )),
            });
        }
        Verdict::read(&invoked.payload).map_err(Refusal::authorizer_misconfigured)
    }
}

fn error_message(payload: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    value.get("errorMessage")?.as_str().map(str::to_owned)
}

/// Validation expressions mean the whole text.
pub fn whole_match(pattern: &str) -> Result<Regex, String> {
    Regex::new(&format!("^(?:{pattern})$"))
        .map_err(|cause| format!("Invalid identity validation expression '{pattern}': {cause}"))
}
