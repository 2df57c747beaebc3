//! HTTP requests out, to addresses that configuration or a pool's owner named. Implementations guard against reaching
//! into the machine's own network unless told that they may.

use async_trait::async_trait;
use bytes::Bytes;

#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0} is not an address that may be fetched")]
    Forbidden(String),
    #[error("no answer within {0} ms")]
    Deadline(u64),
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    #[error("{0}")]
    Failed(String),
}

#[async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// Sends `request` and reads at most `limit` bytes of answer within `deadline_millis`. Redirects are not followed.
    async fn fetch(
        &self,
        request: http::Request<Bytes>,
        limit: usize,
        deadline_millis: u64,
    ) -> Result<http::Response<Bytes>, FetchError>;
}
