//! AWS Lambda, by REST and JSON.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::Method;

use super::{
    AwsFailure, Call, Client,
    client::{encoded, query},
};

pub struct Invocation<'a> {
    pub function: &'a str,
    pub qualifier: Option<&'a str>,
    /// `RequestResponse`, `Event` or `DryRun`.
    pub kind: &'a str,
    pub tail_log: bool,
    pub client_context: Option<&'a str>,
    pub payload: Bytes,
}

pub struct Invoked {
    pub payload: Bytes,
    pub error: Option<String>,
    /// The last 4 KiB of its log.
    pub log: Option<String>,
    pub version: Option<String>,
}

pub async fn invoke(client: &Client, invocation: &Invocation<'_>) -> Result<Invoked, AwsFailure> {
    let path = format!("/2015-03-31/functions/{}/invocations", encoded(invocation.function));
    let mut call = Call::new("lambda", Method::POST, path);
    if let Some(qualifier) = invocation.qualifier {
        call.query = query(&[("Qualifier", qualifier.to_owned())]);
    }
    call.headers.push(("content-type", String::from("application/json")));
    call.headers.push(("x-amz-invocation-type", invocation.kind.to_owned()));
    if invocation.tail_log {
        call.headers.push(("x-amz-log-type", String::from("Tail")));
    }
    if let Some(context) = invocation.client_context {
        call.headers.push(("x-amz-client-context", STANDARD.encode(context)));
    }
    call.body = invocation.payload.clone();
    // A function may take fifteen minutes.
    call.deadline = Duration::from_secs(960);
    let answer = client.send(&call).await?;
    let header =
        |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let log = header("x-amz-log-result")
        .and_then(|text| STANDARD.decode(text).ok())
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(Invoked {
        error: header("x-amz-function-error"),
        version: header("x-amz-executed-version"),
        log,
        payload: answer.body,
    })
}
