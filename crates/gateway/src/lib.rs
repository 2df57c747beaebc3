//! API Gateway's REST APIs: the control side that CloudFormation calls, and the data side that serves deployed APIs.
//!
//! A deployment is an immutable copy of an API; a stage serves one deployment under a name. Both are compiled into a
//! routing table ([`table`]) that requests read without a lock, and each request passes the [`phases`].

pub mod authorizers;
pub mod control;
pub mod definitions;
pub mod gateway;
pub mod integrations;
pub mod metrics;
pub mod models;
pub mod path;
pub mod payload;
pub mod phases;
pub mod request;
pub mod responses;
pub mod rows;
pub mod table;
pub mod vtl;

pub use gateway::{Config, Gateway, Parts};
pub use metrics::MethodMetrics;
pub use phases::log::{AccessLog, AccessLogLine};
pub use request::ApiRequest;
