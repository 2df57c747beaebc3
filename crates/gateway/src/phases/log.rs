//! Log: one line for each request in the form the stage asks for, and the method's counters
//! (Amazon API Gateway Developer Guide, "Set up CloudWatch logging for REST APIs in API Gateway").

use crate::{
    gateway::Inner,
    payload::{context::Exchange, mapping::Sources},
};

/// Where access logs go. Called once for each request of a stage that has a format; must not wait.
pub trait AccessLog: Send + Sync + 'static {
    fn write(&self, line: AccessLogLine);
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLogLine {
    pub api_id: String,
    pub stage: String,
    /// `AccessLogSetting.DestinationArn`: a log group.
    pub destination_arn: Option<String>,
    pub at: base::Timestamp,
    pub text: String,
}

pub fn run(inner: &Inner, exchange: &Exchange<'_>) {
    let status = exchange.status.unwrap_or(0);
    if let Some(method) = exchange.method {
        method.counters.count(status, exchange.response_latency_millis.unwrap_or(0));
    }
    if let Some(cause) = exchange.refusal.as_ref().and_then(|refusal| refusal.cause.as_deref()) {
        tracing::debug!(
            api = %exchange.request.api_id,
            stage = %exchange.request.stage,
            request = %exchange.ids.request,
            status,
            "{cause}"
        );
    }
    let (Some(log), Some(format)) = (&inner.access_log, &exchange.stage.access_log) else { return };
    log.write(AccessLogLine {
        api_id: exchange.request.api_id.clone(),
        stage: exchange.request.stage.clone(),
        destination_arn: exchange.stage.access_log_destination.clone(),
        at: exchange.received_at,
        text: format.render(&Sources { exchange, integration: None }, "-"),
    });
}
