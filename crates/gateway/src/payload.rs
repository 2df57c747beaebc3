//! Requests into events, answers into responses.

pub mod answer;
pub mod bodies;
pub mod compression;
pub mod context;
pub mod event;
pub mod headers;
pub mod json;
pub mod mapping;
pub mod named;
pub mod query;
pub mod template;
pub mod times;

/// The largest request body (Amazon API Gateway Developer Guide, "Quotas for REST APIs": 10 MB).
pub const BODY_LIMIT: usize = 10_485_760;

/// The largest event and answer of a synchronous invocation (AWS Lambda Developer Guide, "Lambda quotas").
pub const EVENT_LIMIT: usize = 6_291_556;
