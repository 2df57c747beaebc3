//! `Invoke`.

use std::sync::Arc;

use base::AwsError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use ports::invoke::Invocation;
use serde::Deserialize;
use serde_json::{Value, json};

use super::errors::{constraint, invocation, unsupported};
use crate::functions::Inner;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InvokeInput {
    function_name: String,
    qualifier: Option<String>,
    invocation_type: Option<String>,
    log_type: Option<String>,
    client_context: Option<String>,
    payload: Option<String>,
    durable_execution_name: Option<String>,
    tenant_id: Option<String>,
}

impl Inner {
    pub async fn invoke_operation(self: &Arc<Self>, input: InvokeInput) -> Result<Value, AwsError> {
        let named = self.named(&input.function_name, input.qualifier.as_deref())?;
        if input.durable_execution_name.is_some() {
            return Err(unsupported("DurableExecutionName"));
        }
        if input.tenant_id.is_some() {
            return Err(unsupported("TenantId"));
        }
        let function = self.arn_of(&named.name, named.qualifier.as_deref());
        let wait = match input.invocation_type.as_deref() {
            None | Some("RequestResponse") => true,
            Some("Event") => false,
            Some("DryRun") => {
                self.catalog.target(&function).await.map_err(invocation)?;
                return Ok(json!({ "StatusCode": 204 }));
            }
            Some(other) => {
                let rule = "Member must satisfy enum value set: [Event, RequestResponse, DryRun]";
                return Err(constraint(other, "invocationType", rule));
            }
        };
        let tail_log = match input.log_type.as_deref() {
            None | Some("None") => false,
            Some("Tail") => true,
            Some(other) => {
                return Err(constraint(other, "logType", "Member must satisfy enum value set: [None, Tail]"));
            }
        };
        let payload = STANDARD.decode(input.payload.unwrap_or_default()).map_err(|cause| {
            AwsError::client("InvalidRequestContentException", format!("The payload is not base64: {cause}"))
        })?;
        let invoked = self
            .invoke(Invocation {
                function,
                payload: Bytes::from(payload),
                on_behalf_of: None,
                wait,
                tail_log,
                client_context: input.client_context,
            })
            .await
            .map_err(invocation)?;
        if !wait {
            return Ok(json!({ "StatusCode": 202 }));
        }
        let mut answer = json!({
            "StatusCode": 200,
            "Payload": STANDARD.encode(&invoked.payload),
            "ExecutedVersion": invoked.executed_version,
        });
        if let Some(error) = invoked.function_error {
            answer["FunctionError"] = json!(error);
        }
        if let Some(tail) = invoked.log_tail {
            answer["LogResult"] = json!(STANDARD.encode(tail));
        }
        Ok(answer)
    }
}
