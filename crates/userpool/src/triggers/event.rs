//! One call of a trigger.

use std::time::Duration;

use bytes::Bytes;
use ports::invoke::{Invocation, InvokeError, ServicePrincipal};
use serde_json::{Map, Value, json};

use crate::{
    directory::Pool,
    raise::{
        InvalidLambdaResponseException, Raise, UnexpectedLambdaException, UserLambdaValidationException,
    },
    rows::UserRow,
    service::Service,
};

/// "Amazon Cognito invokes Lambda functions synchronously. When called, your Lambda function must respond within 5
/// seconds."
const DEADLINE: Duration = Duration::from_secs(5);

pub struct Event<'a> {
    /// As errors name it: `PreSignUp`.
    pub trigger: &'static str,
    pub function: &'a str,
    /// `PreSignUp_SignUp`
    pub source: &'a str,
    /// `1`, or `2` for the newer pre token generation.
    pub version: &'static str,
    pub username: &'a str,
    pub client_id: &'a str,
    pub request: Value,
    /// What the function finds in `event.response` and fills in.
    pub response: Value,
}

/// Why a trigger's answer cannot be used.
#[derive(Debug)]
pub enum TriggerFailed {
    /// The function said no.
    Refused(String),
    /// It could not be run.
    NotRun(String),
    /// What came back is not an event.
    Unreadable,
}

impl<E> From<TriggerFailed> for Raise<E>
where
    E: From<UserLambdaValidationException>
        + From<UnexpectedLambdaException>
        + From<InvalidLambdaResponseException>,
{
    fn from(failed: TriggerFailed) -> Self {
        match failed {
            TriggerFailed::Refused(message) => UserLambdaValidationException(message).into(),
            TriggerFailed::NotRun(message) => UnexpectedLambdaException(message).into(),
            TriggerFailed::Unreadable => {
                InvalidLambdaResponseException(String::from("Unrecognizable lambda output")).into()
            }
        }
    }
}

/// Runs the function and answers the `response` of the event it returned.
pub async fn call(
    service: &Service,
    pool: &Pool,
    event: Event<'_>,
) -> Result<Map<String, Value>, TriggerFailed> {
    let trigger = event.trigger;
    let invocation = Invocation {
        function: event.function.to_owned(),
        payload: payload(pool, &event),
        on_behalf_of: Some(ServicePrincipal {
            service: String::from("cognito-idp.amazonaws.com"),
            source_arn: pool.arn().to_owned(),
            source_account: service.config.account.to_string(),
        }),
        wait: true,
        tail_log: false,
        client_context: None,
    };
    let not_run =
        |why: &str| TriggerFailed::NotRun(format!("{trigger} invocation failed due to error {why}."));
    let invoked = match tokio::time::timeout(DEADLINE, service.invoke.invoke(invocation)).await {
        Err(_) => return Err(not_run("Socket timeout while invoking Lambda function")),
        Ok(Err(error)) => {
            tracing::warn!(pool = pool.id(), trigger, %error, "a trigger could not be run");
            return Err(not_run(match error {
                InvokeError::NotFound(_) => "ResourceNotFoundException",
                InvokeError::Forbidden(_) => "AccessDeniedException",
                InvokeError::Throttled => "TooManyRequestsException",
                InvokeError::TooLarge(_) => "RequestTooLargeException",
                InvokeError::NotJson(_) | InvokeError::Failed(_) => "ServiceException",
            }));
        }
        Ok(Ok(invoked)) => invoked,
    };
    let answer: Result<Value, _> = serde_json::from_slice(&invoked.payload);
    if invoked.function_error.is_some() {
        let message = answer.ok().and_then(|answer| Some(answer.get("errorMessage")?.as_str()?.to_owned()));
        let message = message.unwrap_or_else(|| String::from("null"));
        return Err(TriggerFailed::Refused(format!("{trigger} failed with error {message}.")));
    }
    match answer {
        Ok(Value::Object(mut answer)) => match answer.remove("response") {
            Some(Value::Object(response)) => Ok(response),
            None | Some(Value::Null) => Ok(Map::new()),
            Some(_) => Err(TriggerFailed::Unreadable),
        },
        _ => Err(TriggerFailed::Unreadable),
    }
}

fn payload(pool: &Pool, event: &Event<'_>) -> Bytes {
    let text = json!({
        "version": event.version,
        "region": pool.region(),
        "userPoolId": pool.id(),
        "userName": event.username,
        "callerContext": { "awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": event.client_id },
        "triggerSource": event.source,
        "request": event.request,
        "response": event.response,
    });
    Bytes::from(text.to_string())
}

/// `request.userAttributes`.
pub fn user_attributes(user: &UserRow) -> Value {
    let mut attributes = Map::new();
    attributes.insert("sub".into(), json!(user.sub));
    attributes.insert("cognito:user_status".into(), json!(user.status.as_str()));
    for (name, value) in &user.attributes {
        attributes.insert(name.clone(), json!(value));
    }
    Value::Object(attributes)
}
