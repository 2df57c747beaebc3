//! What is counted, for `/metrics` (OpenMetrics text, as Prometheus reads it).

use std::{
    fmt,
    sync::atomic::{AtomicI64, AtomicU64},
    time::Duration,
};

use axum::body::Body;
use facts::OperationShape;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

/// Where a request went. Only names from the tables, so that no client can make up a label.
#[derive(Clone, Copy)]
pub enum Route {
    Operation(&'static OperationShape),
    S3,
    Hosted,
    Api,
    PoolDocument,
    Console,
    Health,
    Outbox,
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    operation: &'static str,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Took {
    route: &'static str,
}

pub struct Metrics {
    registry: Registry,
    answers: Family<Answered, Counter>,
    seconds: Family<Took, Histogram>,
    pub swept: Counter,
    pub connections: Gauge<i64, AtomicI64>,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("poolhouse");
        let answers = Family::<Answered, Counter>::default();
        let seconds = Family::<Took, Histogram>::new_with_constructor(|| {
            Histogram::new([
                0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
            ])
        });
        let swept = Counter::<u64, AtomicU64>::default();
        let connections = Gauge::<i64, AtomicI64>::default();
        registry.register("requests", "Requests answered", answers.clone());
        registry.register("request_seconds", "From a request's head to its answer's head", seconds.clone());
        registry.register("swept_rows", "Expired rows deleted", swept.clone());
        registry.register("connections", "Open connections", connections.clone());
        Self { registry, answers, seconds, swept, connections }
    }

    pub fn answered(&self, route: &Route, status: StatusCode, took: Duration) {
        let (name, operation) = route.labels();
        let answered = Answered { route: name, operation, status: status.as_u16() };
        self.answers.get_or_create(&answered).inc();
        self.seconds.get_or_create(&Took { route: name }).observe(took.as_secs_f64());
    }

    pub fn page(&self) -> Response<Body> {
        let mut text = String::new();
        let mut response = match encode(&mut text, &self.registry) {
            Ok(()) => Response::new(Body::from(text)),
            Err(fmt::Error) => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response
            }
        };
        let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, kind);
        response
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Route {
    fn labels(self) -> (&'static str, &'static str) {
        match self {
            Self::Operation(operation) => (operation.service.name, operation.name),
            Self::S3 => ("s3", ""),
            Self::Hosted => ("hosted", ""),
            Self::Api => ("api", ""),
            Self::PoolDocument => ("pool-document", ""),
            Self::Console => ("console", ""),
            Self::Health => ("health", ""),
            Self::Outbox => ("outbox", ""),
            Self::Unknown => ("unknown", ""),
        }
    }
}
