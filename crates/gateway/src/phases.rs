//! The phases of a request, in their order: match → throttle → authorize → validate → map → integrate → map back → log.
//! Map, integrate and map back belong to the kind of integration and live in `integrations`.

pub mod authorize;
pub mod log;
pub mod matching;
pub mod throttle;
pub mod validate;

use bytes::Bytes;
use http::Response;

use crate::{gateway::Inner, integrations, payload::context::Exchange, responses::Refusal};

/// All of them but the log, which is written whatever comes out here.
pub async fn pass(inner: &Inner, exchange: &mut Exchange<'_>) -> Result<Response<Bytes>, Refusal> {
    let method = matching::run(exchange)?;
    throttle::run(inner, method)?;
    authorize::run(inner, exchange, method).await?;
    validate::run(exchange, method)?;
    integrations::run(inner, exchange, method).await
}
