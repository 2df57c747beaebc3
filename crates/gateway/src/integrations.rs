//! Where a request goes: to a function as it is (AWS_PROXY), to a function through templates (AWS), or nowhere (MOCK).

pub mod function_uri;
pub mod lambda;
pub mod lambda_proxy;
pub mod mapped;
pub mod mock;

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use ports::{
    Invoke,
    invoke::{Invocation, InvokeError, Invoked, ServicePrincipal},
};

use crate::{
    gateway::Inner,
    payload::context::Exchange,
    responses::Refusal,
    table::{CompiledMethod, Integration},
};

/// What an integration may take where its owner said nothing
/// (Amazon API Gateway Developer Guide, "Quotas for REST APIs": 29 seconds).
pub const DEFAULT_TIMEOUT_MILLIS: u32 = 29_000;

/// A function behind a method.
#[derive(Clone, Debug)]
pub struct Target {
    pub function: String,
    pub timeout: Duration,
    /// Who asks: the method, for the function's resource policy.
    pub principal: ServicePrincipal,
}

/// Map, integrate and map back.
pub async fn run(
    inner: &Inner,
    exchange: &mut Exchange<'_>,
    method: &CompiledMethod,
) -> Result<Response<Bytes>, Refusal> {
    match &method.integration {
        Integration::LambdaProxy(target) => lambda_proxy::run(inner, exchange, target).await,
        Integration::Lambda { target, mapping, wait } => {
            lambda::run(inner, exchange, target, mapping, *wait).await
        }
        Integration::Mock(mapping) => mock::run(exchange, mapping),
        Integration::Broken(cause) => Err(Refusal::misconfigured(cause.clone())),
    }
}

/// One call within its deadline. A function that could not be called at all is told from one that failed.
async fn call(
    inner: &Inner,
    exchange: &mut Exchange<'_>,
    target: &Target,
    payload: Bytes,
    wait: bool,
) -> Result<Invoked, Refusal> {
    if payload.len() > crate::payload::EVENT_LIMIT {
        return Err(Refusal::request_too_large());
    }
    let invocation = Invocation {
        function: target.function.clone(),
        payload,
        on_behalf_of: Some(target.principal.clone()),
        wait,
        tail_log: false,
        client_context: None,
    };
    let began = inner.clock.now();
    let invoke: &dyn Invoke = inner.invoke.as_ref();
    let answer = tokio::time::timeout(target.timeout, invoke.invoke(invocation)).await;
    exchange.integration_latency_millis = Some(inner.clock.now().millis_since(began));
    match answer {
        Err(_) => Err(Refusal::integration_timeout()),
        Ok(Ok(invoked)) => {
            exchange.integration_status = Some(200);
            Ok(invoked)
        }
        Ok(Err(InvokeError::TooLarge(_))) => Err(Refusal::request_too_large()),
        Ok(Err(cause)) => Err(Refusal::integration_refused(cause.to_string())),
    }
}
