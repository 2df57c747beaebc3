//! Counters of each method of each stage, as CloudWatch names them
//! (Amazon API Gateway Developer Guide, "API Gateway dimensions and metrics").

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

#[derive(Debug, Default)]
pub struct MethodCounters {
    count: AtomicU64,
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    latency_millis: AtomicU64,
}

/// A method's counters as they are now, since the server started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodMetrics {
    pub api_id: String,
    pub stage: String,
    /// `GET /users/{id}`.
    pub method: String,
    pub count: u64,
    /// `4XXError`.
    pub client_errors: u64,
    /// `5XXError`.
    pub server_errors: u64,
    /// The sum of `Latency`.
    pub latency_millis: u64,
}

impl MethodCounters {
    pub fn count(&self, status: u16, latency_millis: i64) {
        self.count.fetch_add(1, Ordering::Relaxed);
        match status {
            400..500 => self.client_errors.fetch_add(1, Ordering::Relaxed),
            500.. => self.server_errors.fetch_add(1, Ordering::Relaxed),
            _ => 0,
        };
        self.latency_millis.fetch_add(u64::try_from(latency_millis).unwrap_or(0), Ordering::Relaxed);
    }
}

/// Every method's counters: they outlive the deployments that the method was part of.
#[derive(Debug, Default)]
pub struct Metrics {
    methods: Mutex<HashMap<(String, String, String), Arc<MethodCounters>>>,
}

impl Metrics {
    pub fn of(&self, api_id: &str, stage: &str, method: &str) -> Arc<MethodCounters> {
        let key = (api_id.to_owned(), stage.to_owned(), method.to_owned());
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(methods.entry(key).or_default())
    }

    /// An API that is gone leaves no counters behind.
    pub fn forget(&self, api_id: &str) {
        let mut methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        methods.retain(|(own, _, _), _| own != api_id);
    }

    pub fn read(&self) -> Vec<MethodMetrics> {
        let methods = self.methods.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<MethodMetrics> = methods
            .iter()
            .map(|((api_id, stage, method), counters)| MethodMetrics {
                api_id: api_id.clone(),
                stage: stage.clone(),
                method: method.clone(),
                count: counters.count.load(Ordering::Relaxed),
                client_errors: counters.client_errors.load(Ordering::Relaxed),
                server_errors: counters.server_errors.load(Ordering::Relaxed),
                latency_millis: counters.latency_millis.load(Ordering::Relaxed),
            })
            .collect();
        all.sort_by(|a, b| (&a.api_id, &a.stage, &a.method).cmp(&(&b.api_id, &b.stage, &b.method)));
        all
    }
}
