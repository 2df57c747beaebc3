//! Invocations: resolved, allowed, given to a worker, answered.

mod finishing;
pub mod policy;
pub mod queue;

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use ports::{
    Invoke, RngExt,
    invoke::{Invocation, InvokeError, Invoked},
};
use serde::de::IgnoredAny;
use tokio::time::Instant;

use self::finishing::Finishing;
use crate::{
    catalog::Target,
    functions::{Functions, Inner},
    workers::{Ended, Job, NoWorker},
};

/// AWS Lambda Developer Guide, "Lambda quotas": payload of a synchronous and of an asynchronous invocation.
pub const SYNCHRONOUS_LIMIT: usize = 6_291_456;
pub const ASYNCHRONOUS_LIMIT: usize = 1_048_576;
/// How often an invocation asks again when the function changes under it.
const CHANGES: usize = 8;

#[async_trait]
impl Invoke for Functions {
    async fn invoke(&self, invocation: Invocation) -> Result<Invoked, InvokeError> {
        self.inner().invoke(invocation).await
    }
}

impl Inner {
    pub async fn invoke(self: &Arc<Self>, invocation: Invocation) -> Result<Invoked, InvokeError> {
        let limit = if invocation.wait { SYNCHRONOUS_LIMIT } else { ASYNCHRONOUS_LIMIT };
        if invocation.payload.len() > limit {
            return Err(InvokeError::TooLarge(limit));
        }
        let payload = checked(invocation.payload)?;
        let client_context = invocation.client_context.as_deref().map(context).transpose()?;
        let target = self.catalog.target(&invocation.function).await?;
        if let Some(principal) = &invocation.on_behalf_of
            && !target.allows(principal)
        {
            return Err(InvokeError::Forbidden(target.arn.to_string()));
        }
        if !invocation.wait {
            return self.queue_event(&target, payload, client_context).await;
        }
        let (ended, executed_version) = self
            .run(&invocation.function, target, uuid(&*self.rng), payload, client_context, invocation.tail_log)
            .await?;
        Ok(Invoked {
            payload: ended.payload,
            function_error: ended.failed.then(|| String::from("Unhandled")),
            executed_version,
            log_tail: ended.log_tail,
        })
    }

    /// Runs one attempt. It goes on to its end even when the caller stops waiting, as on AWS.
    pub async fn run(
        self: &Arc<Self>,
        function: &str,
        mut target: Arc<Target>,
        request_id: String,
        payload: Bytes,
        client_context: Option<String>,
        tail_log: bool,
    ) -> Result<(Ended, String), InvokeError> {
        let running = target.concurrency.enter().ok_or(InvokeError::Throttled)?;
        let (pool, mut worker) = {
            let mut changes = 0;
            loop {
                let pool = self.catalog.draw(&target);
                match pool.acquire().await {
                    Ok(worker) => break (pool, worker),
                    Err(NoWorker::Throttled) => return Err(InvokeError::Throttled),
                    Err(missing @ NoWorker::InvalidEntrypoint) => {
                        let ended =
                            Ended::unable("Runtime.InvalidEntrypoint", &request_id, &missing.to_string());
                        return Ok((ended, pool.version().to_owned()));
                    }
                    Err(NoWorker::Failed(cause)) => return Err(InvokeError::Failed(cause)),
                    Err(NoWorker::Retired) if changes < CHANGES => {
                        changes += 1;
                        target = self.catalog.target(function).await?;
                    }
                    Err(NoWorker::Retired) => return Err(InvokeError::Throttled),
                }
            }
        };
        let version = pool.version().to_owned();
        let job =
            Job { request_id, function_arn: Arc::clone(&target.arn), payload, client_context, tail_log };
        let ended = Finishing::new(async move {
            let began = Instant::now();
            let ended = worker.run(&job).await;
            let took = began.elapsed();
            drop(running);
            // A worker of ours has asked for its next event by now; it is free before its answer is known.
            if worker.has_settled() {
                pool.release(worker, took);
            } else if !worker.is_broken() {
                tokio::spawn(async move {
                    if worker.settle().await {
                        pool.release(worker, took);
                    }
                });
            }
            ended
        });
        Ok((ended.await, version))
    }
}

/// The payload, if it is JSON; an empty one is `{}`.
fn checked(payload: Bytes) -> Result<Bytes, InvokeError> {
    if payload.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(&payload) {
        Ok(_) => Ok(payload),
        Err(cause) => Err(InvokeError::NotJson(cause.to_string())),
    }
}

/// The client context as JSON on one line, out of the base64 that the wire carries.
fn context(encoded: &str) -> Result<String, InvokeError> {
    let wrong = |cause: String| InvokeError::NotJson(format!("the client context: {cause}"));
    let bytes = STANDARD.decode(encoded).map_err(|cause| wrong(cause.to_string()))?;
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|cause| wrong(cause.to_string()))?;
    Ok(value.to_string())
}

/// A version 4 UUID, written without a formatting machinery: one is drawn for every invocation.
pub fn uuid(rng: &dyn ports::Rng) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut bytes = rng.bytes::<16>();
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl ports::Rng for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.iter_mut().enumerate().for_each(|(at, byte)| *byte = u8::try_from(at).unwrap());
        }
    }

    #[test]
    fn a_uuid_looks_like_one() {
        assert_eq!(uuid(&Fixed), "00010203-0405-4607-8809-0a0b0c0d0e0f");
    }

    #[test]
    fn a_payload_is_json() {
        assert_eq!(checked(Bytes::new()).unwrap(), "{}");
        assert!(checked(Bytes::from_static(b"{")).is_err());
        assert!(checked(Bytes::from_static(b"{} {}")).is_err());
    }

    #[test]
    fn a_context_cannot_bring_lines_of_its_own() {
        let encoded = STANDARD.encode("{\r\n \"a\": \"b\\r\\nc\"}");
        assert_eq!(context(&encoded).unwrap(), r#"{"a":"b\r\nc"}"#);
        assert!(context("***").is_err());
    }
}
