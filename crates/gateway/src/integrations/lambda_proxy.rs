//! AWS_PROXY: the whole request in, the response out.

use bytes::Bytes;
use http::Response;

use super::{Target, call};
use crate::{
    gateway::Inner,
    payload::{answer, context::Exchange, event::proxy_event},
    responses::Refusal,
};

pub async fn run(
    inner: &Inner,
    exchange: &mut Exchange<'_>,
    target: &Target,
) -> Result<Response<Bytes>, Refusal> {
    let event = Bytes::from(proxy_event(exchange));
    let invoked = call(inner, exchange, target, event, true).await?;
    if let Some(kind) = invoked.function_error {
        let payload = String::from_utf8_lossy(&invoked.payload).chars().take(1024).collect::<String>();
        return Err(Refusal::bad_integration_answer(format!("the function failed ({kind}): {payload}")));
    }
    answer::read(&invoked.payload, &exchange.stage.binary_media_types, exchange.header("accept"))
        .map_err(Refusal::bad_integration_answer)
}
