//! The rooms that serve AWS operations, and how one is called: to its end, within a deadline, panics and all.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use base::{AwsError, Caller};
use facts::{OperationShape, Service};
use serde_json::Value;

use crate::limits::Limits;

/// A room, seen from here: JSON in, JSON out, with the API model's member names.
#[async_trait]
pub trait Room: Send + Sync + 'static {
    async fn call(&self, operation: &str, caller: &Caller, input: Value) -> Result<Value, AwsError>;
}

/// By the service's name.
#[derive(Clone, Default)]
pub struct Rooms(BTreeMap<&'static str, Arc<dyn Room>>);

impl Rooms {
    #[must_use]
    pub fn with(mut self, service: &'static str, room: impl Room) -> Self {
        self.0.insert(service, Arc::new(room));
        self
    }

    /// The operation runs as a task of its own: a client that hangs up does not leave it half done.
    pub async fn call(
        &self,
        operation: &'static OperationShape,
        caller: Caller,
        input: Value,
        limits: &Limits,
    ) -> Result<Value, AwsError> {
        let service = operation.service;
        let Some(room) = self.0.get(service.name).cloned() else {
            return Err(AwsError::with_status(
                501,
                "NotImplemented",
                format!("{} is not built: {} is not served here", operation.name, service.name),
            ));
        };
        let request_id = caller.request_id.clone();
        let task = tokio::spawn(async move { room.call(operation.name, &caller, input).await });
        let outcome = if runs_a_function(operation) {
            Ok(task.await)
        } else {
            tokio::time::timeout(limits.operation, task).await
        };
        match outcome {
            Ok(Ok(answer)) => answer,
            Ok(Err(cause)) => {
                tracing::error!(%request_id, operation = operation.name, %cause, "an operation ended in a panic");
                Err(broken(service))
            }
            Err(_) => {
                tracing::error!(%request_id, operation = operation.name, "an operation did not end in time");
                Err(AwsError::with_status(
                    503,
                    unavailable(service),
                    "The operation did not end in time; whether it took effect is not known.",
                ))
            }
        }
    }
}

/// A function has a timeout of its own, of up to 15 minutes.
fn runs_a_function(operation: &OperationShape) -> bool {
    operation.service.name == "lambda" && operation.name.starts_with("Invoke")
}

/// Ours to mend, by the name that the service has for it.
pub fn broken(service: &Service) -> AwsError {
    let code = match service.name {
        "cognito-idp" => "InternalErrorException",
        "lambda" => "ServiceException",
        "logs" => "ServiceUnavailableException",
        _ => "InternalFailure",
    };
    AwsError::with_status(500, code, "An internal error occurred.")
}

fn unavailable(service: &Service) -> &'static str {
    match service.name {
        "logs" => "ServiceUnavailableException",
        _ => "ServiceUnavailable",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base::Identity;
    use serde_json::json;

    use super::*;

    struct Moody;

    #[async_trait]
    impl Room for Moody {
        async fn call(&self, operation: &str, _: &Caller, _: Value) -> Result<Value, AwsError> {
            match operation {
                "SignUp" => panic!("on purpose"),
                "GetUser" => std::future::pending().await,
                _ => Ok(json!({})),
            }
        }
    }

    async fn call(operation: &str) -> Result<Value, AwsError> {
        let limits = Limits { operation: Duration::from_millis(20), ..Limits::default() };
        let caller = Caller {
            identity: Identity::Anonymous,
            source_ip: String::from("127.0.0.1"),
            request_id: String::from("r"),
        };
        let operation = facts::find("cognito-idp", operation).unwrap();
        Rooms::default().with("cognito-idp", Moody).call(operation, caller, json!({}), &limits).await
    }

    #[tokio::test]
    async fn a_panic_is_an_internal_error_and_a_hang_ends() {
        let error = call("SignUp").await.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (500, "InternalErrorException"));
        let error = call("GetUser").await.unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (503, "ServiceUnavailable"));
        assert!(call("ListUsers").await.is_ok());
    }
}
