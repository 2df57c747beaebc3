//! The gateway as the rest of the house sees it.

use std::sync::{Arc, OnceLock, Weak};

use base::{AccountId, Boxed, Region};
use bytes::Bytes;
use http::{HeaderValue, Response};
use iam::Iam;
use ports::{Clock, Invoke, Rng};
use store::Store;
use tokio::sync::broadcast::error::RecvError;
use userpool::tokens::PoolTokens;

use crate::{
    authorizers::{api_keys::KeyTable, cognito::TokenCache, lambda::VerdictCache},
    metrics::{MethodMetrics, Metrics},
    path::CanonicalPath,
    payload::{
        compression::compress,
        context::{Exchange, RequestIds},
        mapping::Sources,
    },
    phases::{self, log::AccessLog, throttle::Buckets},
    request::ApiRequest,
    responses::{Refusal, render},
    rows::ACCOUNT,
    table::{CompiledStage, Tables},
};

#[derive(Clone, Debug, Default)]
pub struct Config {
    pub region: Region,
    pub account: AccountId,
}

/// What a gateway is made of.
pub struct Parts {
    pub config: Config,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    /// Runs functions: integrations and lambda authorizers.
    pub invoke: Arc<dyn Invoke>,
    /// Checks user pools' tokens.
    pub tokens: PoolTokens,
    /// Where access logs go; none: nowhere.
    pub access_log: Option<Arc<dyn AccessLog>>,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    pub(crate) inner: Arc<Inner>,
}

pub struct Inner {
    pub config: Config,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Rng>,
    pub invoke: Arc<dyn Invoke>,
    pub tokens: PoolTokens,
    pub access_log: Option<Arc<dyn AccessLog>>,
    pub tables: Tables,
    pub token_cache: TokenCache,
    pub verdict_cache: VerdictCache,
    pub metrics: Metrics,
    pub buckets: Buckets,
    pub iam: OnceLock<Iam>,
    pub api_keys: KeyTable,
}

impl Gateway {
    /// Starts listening for changes; nothing is read from the store until a request asks for it.
    pub fn open(parts: Parts) -> Self {
        let Parts { config, store, clock, rng, invoke, tokens, access_log } = parts;
        let inner = Arc::new(Inner {
            config,
            store,
            clock,
            rng,
            invoke,
            tokens,
            access_log,
            tables: Tables::default(),
            token_cache: TokenCache::default(),
            verdict_cache: VerdictCache::default(),
            metrics: Metrics::default(),
            buckets: Buckets::default(),
            iam: OnceLock::new(),
            api_keys: KeyTable::default(),
        });
        tokio::spawn(watch(Arc::downgrade(&inner), inner.store.changes()));
        Self { inner }
    }

    /// Who checks signatures and policies of callers, for methods with `AWS_IAM`; without one they refuse everybody. Said
    /// once.
    #[must_use]
    pub fn with_iam(self, iam: Iam) -> Self {
        let _ = self.inner.iam.set(iam);
        self
    }

    /// Serves one request to a deployed API. There is always an answer.
    pub fn handle(&self, request: ApiRequest) -> Boxed<'_, Response<Bytes>> {
        Box::pin(self.respond(request))
    }

    async fn respond(&self, request: ApiRequest) -> Response<Bytes> {
        let inner = &self.inner;
        let received_at = inner.clock.now();
        let ids = RequestIds::draw(inner.rng.as_ref(), received_at, &request);
        let found = inner
            .tables
            .get(&inner.store, &inner.config, &inner.metrics, &inner.buckets, &request.api_id, &request.stage)
            .await;
        let mut response = match found {
            Ok(Some(stage)) if !stage.endpoint_disabled => {
                serve(inner, &request, &stage, ids.clone(), received_at).await
            }
            Ok(_) => render::plain(&Refusal::no_such_stage()),
            Err(cause) => render::plain(&Refusal::unavailable(cause.to_string())),
        };
        let headers = response.headers_mut();
        for (name, value) in [
            ("x-amzn-requestid", &ids.request),
            ("x-amz-apigw-id", &ids.extended),
            ("x-amzn-trace-id", &ids.trace),
        ] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        response
    }

    /// Requests, errors and latency of every method that was served since the start.
    pub fn metrics(&self) -> Vec<MethodMetrics> {
        self.inner.metrics.read()
    }
}

impl Inner {
    pub(crate) fn drop_api_keys(&self) {
        self.api_keys.drop_all();
    }
}

/// The phases, then whatever is true of every answer.
async fn serve(
    inner: &Inner,
    request: &ApiRequest,
    stage: &CompiledStage,
    ids: RequestIds,
    received_at: base::Timestamp,
) -> Response<Bytes> {
    let parsed = CanonicalPath::parse(&request.raw_path);
    let refused = parsed.as_ref().err().map(ToString::to_string);
    let path = parsed.unwrap_or_default();
    let mut exchange = Exchange::new(request, stage, &path, ids, received_at);
    let outcome = match refused {
        Some(cause) => Err(Refusal::bad_request().because(cause)),
        None => phases::pass(inner, &mut exchange).await,
    };
    let mut response = match outcome {
        Ok(response) => response,
        Err(refusal) => {
            exchange.refusal = Some(refusal.clone());
            let sources = Sources { exchange: &exchange, integration: None };
            stage.responses.render(&refusal, exchange.header("accept"), &sources)
        }
    };
    if let Some(minimum) = stage.minimum_compression_size {
        compress(&mut response, minimum, &request.head.headers);
    }
    exchange.status = Some(response.status().as_u16());
    exchange.response_length = Some(response.body().len());
    exchange.response_latency_millis = Some(inner.clock.now().millis_since(received_at));
    phases::log::run(inner, &exchange);
    response
}

/// Drops what is held in memory when its rows change, here or on another node.
async fn watch(inner: Weak<Inner>, mut changes: store::Changes) {
    loop {
        let change = changes.recv().await;
        let Some(inner) = inner.upgrade() else { return };
        match change {
            Ok(change) if change.partition == ACCOUNT && change.collection.starts_with("gateway_") => {
                inner.drop_api_keys();
            }
            Ok(change) if Tables::concerns(&change) => inner.tables.drop_api(&change.partition),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => {
                inner.tables.drop_all();
                inner.drop_api_keys();
            }
            Err(RecvError::Closed) => return,
        }
    }
}
