//! Authorize: the method's authorizer together with the API's resource policy, then its API key. Whatever cannot be asked
//! says no.

use crate::{
    authorizers::{Authorized, api_keys::ApiKeys, iam_auth, policy},
    gateway::Inner,
    payload::context::Exchange,
    responses::Refusal,
    table::{Authorization, CompiledMethod, stage::ApiKeySource},
};

pub async fn run(inner: &Inner, exchange: &mut Exchange<'_>, method: &CompiledMethod) -> Result<(), Refusal> {
    let now = inner.clock.now();
    let authorized = match &method.authorization {
        Authorization::Open => {
            policy::require_allowed(exchange)?;
            Authorized::Open
        }
        Authorization::Cognito { authorizer, scopes } => {
            let claims =
                authorizer.authorize(exchange, scopes, &inner.tokens, &inner.token_cache, now).await?;
            policy::require_allowed(exchange)?;
            claims
        }
        Authorization::Lambda(authorizer) => {
            let verdict =
                authorizer.authorize(exchange, inner.invoke.as_ref(), &inner.verdict_cache, now).await;
            exchange.authorizer_latency_millis = Some(inner.clock.now().millis_since(now));
            verdict?
        }
        Authorization::Iam => iam_auth::authorize(inner.iam.get(), exchange).await?,
        Authorization::Broken(cause) => return Err(Refusal::authorizer_misconfigured(cause.clone())),
    };
    exchange.authorized = authorized;
    if method.api_key_required {
        let keys = inner
            .api_keys
            .get(&inner.store, &inner.buckets)
            .await
            .map_err(|cause| Refusal::unavailable(cause.to_string()))?;
        admit_key(inner, exchange, &keys)?;
    }
    Ok(())
}

fn admit_key(inner: &Inner, exchange: &mut Exchange<'_>, keys: &ApiKeys) -> Result<(), Refusal> {
    let presented = match (exchange.stage.api_key_source, &exchange.authorized) {
        (ApiKeySource::Header, _) => exchange.header("x-api-key"),
        (ApiKeySource::Authorizer, Authorized::Verdict(verdict)) => verdict.usage_identifier_key.as_deref(),
        (ApiKeySource::Authorizer, _) => None,
    };
    let request = exchange.request;
    let key =
        keys.admit(presented, &request.api_id, &request.stage, inner.clock.now(), inner.store.nodes())?;
    exchange.api_key = Some(key);
    Ok(())
}
