//! AWS Signature Version 4, both sides (AWS Identity and Access Management User Guide, "AWS Signature Version 4 for API
//! requests"; Amazon S3 API Reference, "Authenticating Requests").
//!
//! [`Presented`] takes a request's signature apart and checks it; [`Signer`] makes one. Neither knows keys or the time:
//! those, and what to answer, are `iam`'s. The two forms are the `Authorization` header and the query of a presigned
//! URL; chunked uploads go on with [`ChunkChain`].

mod canonical;
mod chunks;
mod key;
mod presented;
mod sign;
mod when;

pub use chunks::{ChunkChain, Trailer};
pub use key::{Scope, SigningKey};
pub use presented::{Form, Presented, Refusal};
pub use sign::Signer;
pub use when::{format_amz_date, parse_amz_date};

pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The last part of a credential scope.
pub const TERMINATOR: &str = "aws4_request";
/// `x-amz-content-sha256` of a body whose bytes the signature does not cover.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
/// SHA-256 of nothing.
pub const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// What of a request a signature is about, as it came over the wire.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Percent-encoded, as sent.
    pub path: &'a str,
    /// Without the question mark, as sent; empty where there is none.
    pub query: &'a str,
    /// Every header line in the order received, names in any case.
    pub headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Request<'a> {
    /// The values of a header, one for each line.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> + use<'a, '_> {
        let name = name.to_owned();
        self.headers
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(&name))
            .map(|(_, value)| *value)
    }
}
