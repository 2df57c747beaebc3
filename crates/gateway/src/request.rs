//! A request as the front door hands it over.

use bytes::Bytes;
use http::request::Parts;

/// One call of a deployed API. The front door has told host form from path form and taken API and stage off.
#[derive(Debug)]
pub struct ApiRequest {
    pub api_id: String,
    pub stage: String,
    /// What follows the stage in the path, as it was sent: still escaped, without the query.
    pub raw_path: String,
    /// Method, headers, version, and the URI as the client sent it (its query is read from here; a signature is checked
    /// over its path).
    pub head: Parts,
    pub body: Bytes,
    /// The caller's address, as the front door decided it: never read from a header here.
    pub source_ip: String,
    /// The `Host` the client called, with its port.
    pub host: String,
    /// Whether the client came over TLS: what `X-Forwarded-Proto` tells functions.
    pub secure: bool,
}
